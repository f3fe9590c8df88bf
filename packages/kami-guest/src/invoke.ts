import { type Block, type Content, content, isBlock, isContent } from './content.ts';
import type { ToolContext } from './context.ts';
import type { ToolDefinition } from './definition.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { formatError } from './log.ts';
import type { ResolvedSchema } from './schema/resolve.ts';
import { toJson } from './to-json.ts';
import {
  describeIssues,
  InvalidInputError,
  InvalidOutputError,
  isToolError,
  wrapError,
} from './tool-error.ts';

/** What one call gave. */
export type ToolResult =
  | { readonly kind: 'value'; readonly value: Json | undefined }
  | {
      readonly kind: 'content';
      readonly content: readonly Block[];
      readonly structuredContent: JsonObject | undefined;
      /** What the handler returned: a block, several, or content(); with the validated structured answer. */
      readonly returned: Block | readonly Block[] | Content;
    };

/**
 * Runs a tool once: validate the input, call the handler, validate what it returned.
 * @throws ToolError or one of its subclasses, for every way a call can fail
 */
export async function invoke(
  definition: ToolDefinition,
  input: unknown,
  context: ToolContext,
): Promise<ToolResult> {
  try {
    const accepted = await definition.input.validate(input);
    if (accepted.issues !== undefined) {
      const { message, data } = describeIssues('input', accepted.issues);
      throw new InvalidInputError(message, { data });
    }
    return await readReturned(await definition.handler(accepted.value, context), definition.output);
  } catch (thrown) {
    if (!isToolError(thrown) && thrown instanceof Error) context.log.debug(formatError(thrown));
    throw wrapError(thrown);
  }
}

async function readReturned(returned: unknown, output: ResolvedSchema | undefined): Promise<ToolResult> {
  if (isContent(returned)) {
    if (returned.structuredContent === undefined) return withBlocks(returned, returned.content, output);
    const structuredContent = await readValue(returned.structuredContent, output, 'structuredContent');
    if (!isObject(structuredContent)) {
      throw new InvalidOutputError('structuredContent must be an object: that is all MCP carries there.');
    }
    return {
      kind: 'content',
      content: returned.content,
      structuredContent,
      returned: content(returned.content, { structuredContent }),
    };
  }
  if (isBlock(returned)) return withBlocks(returned, [returned], output);
  if (Array.isArray(returned) && returned.some(isBlock)) {
    if (!returned.every(isBlock)) {
      throw new InvalidOutputError(
        'The tool returned an array that mixes content blocks and data. Return blocks only, or content(blocks, { structuredContent }).',
      );
    }
    return withBlocks(returned, returned, output);
  }
  if (returned === undefined && output === undefined) return { kind: 'value', value: undefined };
  return { kind: 'value', value: await readValue(returned, output, 'output') };
}

function withBlocks(
  returned: Block | readonly Block[] | Content,
  blocks: readonly Block[],
  output: ResolvedSchema | undefined,
): ToolResult {
  if (output !== undefined) {
    throw new InvalidOutputError(
      'The tool declares an output schema, so it owes a structured answer: return a value, or content(blocks, { structuredContent }).',
    );
  }
  return { kind: 'content', content: blocks, structuredContent: undefined, returned };
}

async function readValue(value: unknown, output: ResolvedSchema | undefined, root: string): Promise<Json> {
  if (output === undefined) return toJson(value, root);
  const accepted = await output.validate(value);
  if (accepted.issues !== undefined) {
    const { message, data } = describeIssues('output', accepted.issues);
    throw new InvalidOutputError(message, { data });
  }
  return toJson(accepted.value, root);
}
