import type { LoggingLevel, ServerContext } from '@modelcontextprotocol/server';
import type { Refusal } from '../model/capability.ts';
import type { ToolId } from '../model/ids.ts';
import type { LogLine } from '../model/log-line.ts';
import type { Logger } from '../model/logger.ts';
import { cleanText } from '../terminal/clean-text.ts';

const levels: Readonly<Record<LogLine['level'], LoggingLevel>> = {
  trace: 'debug',
  debug: 'debug',
  info: 'info',
  warn: 'warning',
  error: 'error',
};

/** Takes a tool's log lines to KAMI's own log, and to the client in the form that its protocol generation knows. */
export function takeLog(logger: Logger, { mcpReq }: ServerContext, tool: ToolId): (line: LogLine) => void {
  return ({ level, message }) => {
    const text = cleanText(message);
    logger[level](text);
    // A client that is gone is not told.
    mcpReq.log(levels[level], text, tool).catch(() => {});
  };
}

/** The operator reads in the log what a tool was refused. */
export function noteRefusals(logger: Logger, tool: ToolId, refusals: readonly Refusal[]): void {
  for (const { capability, subject, count, grant } of refusals) {
    logger.warn('refused', { tool, capability, subject: cleanText(subject), count, grant });
  }
}
