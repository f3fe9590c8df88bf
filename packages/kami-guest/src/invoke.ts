import { type Block, content, isBlock, isContent } from './content.ts';
import type { ToolContext } from './context.ts';
import type { ToolDefinition } from './definition.ts';
import { isObject, type Json } from './json.ts';
import { formatMessage } from './log.ts';
import type { ResolvedSchema } from './schema/resolve.ts';
import { toJson } from './to-json.ts';
import { InvalidOutputError, issuesError, isToolError, wrapError } from './tool-error.ts';

/** What one call gave. */
export interface ToolResult {
  /** The validated value, or the structured answer that goes with the blocks. */
  readonly value?: Json | undefined;
  /** The blocks, when the handler returned any. */
  readonly content?: readonly Block[] | undefined;
  /** What a native caller gets: the value, or the content in the shape in which it was returned. */
  readonly returned?: unknown;
}

/**
 * Runs a tool once: validate the input, call the handler, validate what it returned.
 * @throws ToolError or one of its subclasses, for every way a call can fail
 */
export async function invoke(
  { input: schema, output, handler }: ToolDefinition,
  input: unknown,
  context: ToolContext,
): Promise<ToolResult> {
  try {
    return await readReturned(await handler(await accept(schema, input, 'input'), context), output);
  } catch (thrown) {
    if (!isToolError(thrown) && thrown instanceof Error) context.log.debug(formatMessage([thrown]));
    throw wrapError(thrown);
  }
}

async function accept(schema: ResolvedSchema, value: unknown, side: 'input' | 'output'): Promise<unknown> {
  const result = await schema.validate(value);
  if (result.issues !== undefined) throw issuesError(side, result.issues);
  return result.value;
}

async function readReturned(returned: unknown, output: ResolvedSchema | undefined): Promise<ToolResult> {
  const blocks = blocksOf(returned);
  const given: unknown =
    blocks === undefined ? returned : isContent(returned) ? returned.structuredContent : undefined;
  if (given === undefined && output === undefined) return { content: blocks, returned };
  if (given === undefined) {
    throw new InvalidOutputError(
      'The tool has an output schema: return a value, or content(blocks, { structuredContent }).',
    );
  }
  const value = toJson(output === undefined ? given : await accept(output, given, 'output'), 'output');
  if (blocks === undefined) return { value, returned: value };
  if (!isObject(value)) throw new InvalidOutputError('structuredContent must be an object.');
  return { value, content: blocks, returned: content(blocks, { structuredContent: value }) };
}

function blocksOf(returned: unknown): readonly Block[] | undefined {
  if (isContent(returned)) return returned.content;
  if (isBlock(returned)) return [returned];
  if (!Array.isArray(returned) || !returned.some(isBlock)) return undefined;
  if (returned.every(isBlock)) return returned;
  throw new InvalidOutputError('The array mixes blocks and data.');
}
