import { KamiError } from '../errors/kami-error.ts';
import { toCallToolResult } from '../mcp/call-tool-result.ts';
import type { CallResult, ContentBlock } from '../model/call-result.ts';
import type { LogLine } from '../model/log-line.ts';
import type { Logger } from '../model/logger.ts';
import { endOf } from '../runtime/client-service.ts';
import { cleanText } from '../terminal/clean-text.ts';
import type { CommandContext, ExitCode } from './command.ts';
import { shellWord } from './grant-flags.ts';

/**
 * Prints what a call came to: its content, or with `--json` the whole result. What the tool failed with and what
 * was refused it goes to stderr.
 * @param allow how the reader grants something: a flag, or a command up to the permission
 * @returns 3 when the tool failed
 * @throws KamiError `KAMI_INPUT_INVALID` when the arguments do not fit the tool
 */
export function reportCall(result: CallResult, context: CommandContext, allow: string): ExitCode {
  const outcome = endOf(result);
  if (outcome.status === 'failure' && outcome.reason === 'invalid-input') {
    throw new KamiError('KAMI_INPUT_INVALID', {
      message: outcome.message,
      fix: 'See what the tool takes: kami inspect <id>, or kami validate <file.wasm>',
    });
  }
  if (context.json) {
    context.print(`${JSON.stringify(jsonOf(result))}\n`);
  } else if (outcome.status === 'success') {
    for (const block of outcome.content) context.print(`${blockText(block, context)}\n`);
  } else {
    context.reporter.note(`The tool failed (${outcome.reason}): ${outcome.message}`);
    const { code, data } = outcome;
    if (code !== undefined || data !== undefined) {
      context.reporter.note(`The tool's own code and data: ${JSON.stringify({ code, data })}`);
    }
  }
  reportRefusals(result, context, allow);
  return outcome.status === 'success' ? 0 : 3;
}

/** Says on stderr what the sandbox refused, and what would allow it. */
export function reportRefusals(
  { refusals }: CallResult,
  { reporter }: Pick<CommandContext, 'reporter'>,
  allow: string,
): void {
  for (const { capability, subject, count, grant } of refusals) {
    const times = count === 1 ? '' : ` (${count} times)`;
    reporter.note(`The sandbox refused: ${capability} ${subject}${times}`);
    if (grant !== undefined) reporter.note(`  Allow it: ${allow} ${shellWord(grant)}`);
  }
}

function jsonOf(result: CallResult): object {
  const outcome = endOf(result);
  const { content, structuredContent, isError = false } = toCallToolResult({ ...result, outcome });
  const { durationMs, memoryPeakBytes, fuel, readClock, refusals } = result;
  return {
    content,
    ...(structuredContent === undefined ? {} : { structuredContent }),
    isError,
    ...(outcome.status === 'failure' ? { reason: outcome.reason } : {}),
    durationMs,
    memoryPeakBytes,
    fuel,
    readClock,
    refusals,
  };
}

/** A terminal gets text that can't steer it; a pipe gets the text as it is. */
function blockText(block: ContentBlock, { width }: CommandContext): string {
  const text = plainText(block);
  return width === undefined ? text : cleanText(text, { multiline: true });
}

function plainText(block: ContentBlock): string {
  switch (block.type) {
    case 'text':
      return block.text;
    case 'image':
    case 'audio':
      return `[${block.type} ${block.mimeType}, ${Math.floor((block.data.length * 3) / 4)} bytes; --json prints it]`;
    case 'resource_link':
      return `[${block.name}: ${block.uri}]`;
    case 'resource':
      return 'text' in block.resource
        ? block.resource.text
        : `[resource ${block.resource.uri}; --json prints it]`;
  }
}

/** Takes a tool's log lines to the log of the command. */
export function logTo(logger: Logger): (line: LogLine) => void {
  return ({ level, message }) => logger[level](cleanText(message));
}
