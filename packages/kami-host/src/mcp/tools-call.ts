import {
  type CallToolRequest,
  type CallToolResult,
  ProtocolError,
  ProtocolErrorCode,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { Json } from '../model/json.ts';
import type { LogLine } from '../model/log-line.ts';
import type { Logger } from '../model/logger.ts';
import { cleanText } from '../terminal/clean-text.ts';
import { toCallToolResult } from './call-tool-result.ts';
import type { ServerDeps } from './server-deps.ts';

/** Answers `tools/call`. */
export async function callTool(
  { host, logger }: ServerDeps,
  server: Server,
  { params }: CallToolRequest,
  { mcpReq: { signal } }: ServerContext,
): Promise<CallToolResult> {
  const tool = host.find(params.name);
  if (tool === undefined) {
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no tool "${params.name}".`);
  }
  const onLog = logTo(logger.child({ tool: tool.id }));
  const result = await host.call(tool.id, (params.arguments ?? {}) as Json, { signal, onLog });
  for (const { capability, subject, count, grant } of result.refusals) {
    logger.warn('refused', { tool: tool.id, capability, subject: cleanText(subject), count, grant });
  }
  return server.projectCallToolResult(toCallToolResult(result), tool.outputSchema);
}

function logTo(logger: Logger): (line: LogLine) => void {
  return ({ level, message }) => logger[level](cleanText(message));
}
