import {
  type GetPromptRequest,
  type GetPromptResult,
  type InputRequiredResult,
  type ListPromptsRequest,
  type ListPromptsResult,
  ProtocolError,
  ProtocolErrorCode,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { isJsonObject, type Json } from '../model/json.ts';
import type { OfferedPrompt } from '../model/offers.ts';
import type { InstalledTool } from '../registry/installed-tool.ts';
import { isContentBlock } from '../sandbox/result-text.ts';
import { consult, readOffered } from './consult.ts';
import { pageOf } from './page.ts';
import type { NamedTool } from './served-tools.ts';
import type { ServerDeps } from './server-deps.ts';

interface PublishedPrompt {
  readonly tool: InstalledTool;
  readonly prompt: OfferedPrompt;
  readonly name: string;
}

/**
 * All prompts under the names that clients see: that of the tool, `_`, and its own. The own one has no `_`, so no two
 * prompts share a name, and no tool speaks for another.
 */
function publishedPrompts(tools: readonly NamedTool[]): readonly PublishedPrompt[] {
  return tools
    .flatMap(({ name, tool }) =>
      tool.offers.prompts.map((prompt) => ({ tool, prompt, name: `${name}_${prompt.name}` })),
    )
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Answers `prompts/list` from the registry alone. */
export function listPrompts(tools: readonly NamedTool[], { params }: ListPromptsRequest): ListPromptsResult {
  const { entries, nextCursor } = pageOf(publishedPrompts(tools), params?.cursor);
  const prompts = entries.map(({ name, prompt: { title, description, arguments: given } }) => ({
    name,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    arguments: given.map(({ completes: _, ...argument }) => argument),
  }));
  return nextCursor === undefined ? { prompts } : { prompts, nextCursor };
}

/** Answers `prompts/get`. */
export async function getPrompt(
  deps: ServerDeps,
  server: Server,
  { params }: GetPromptRequest,
  context: ServerContext,
): Promise<GetPromptResult | InputRequiredResult> {
  const { tool, prompt } = findPrompt(deps.host.tools(), params.name);
  for (const { name, required } of prompt.arguments) {
    if (required && params.arguments?.[name] === undefined) {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `The prompt needs the argument "${name}".`);
    }
  }
  const texts = [prompt.name, JSON.stringify(params.arguments ?? {})];
  const answer = await consult(deps, server, tool, { offer: 'prompts', method: 'get', texts }, context);
  return answer.kind === 'text' ? readOffered(tool.id, answer.text, readPrompt) : answer.result;
}

/** @throws ProtocolError when there is no such prompt */
export function findPrompt(tools: readonly NamedTool[], name: string): PublishedPrompt {
  const found = publishedPrompts(tools).find((published) => published.name === name);
  if (found !== undefined) return found;
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no prompt "${name}".`);
}

const maxMessages = 1_000;

function readPrompt(value: Json): GetPromptResult | undefined {
  if (!isJsonObject(value) || !Array.isArray(value.messages) || value.messages.length > maxMessages)
    return undefined;
  const { description, messages } = value;
  if (!messages.every(isMessage)) return undefined;
  return {
    ...(typeof description === 'string' ? { description } : {}),
    messages: messages as unknown as GetPromptResult['messages'],
  };
}

function isMessage(value: Json): boolean {
  return (
    isJsonObject(value) &&
    (value.role === 'user' || value.role === 'assistant') &&
    value.content !== undefined &&
    isContentBlock(value.content)
  );
}
