import type { CompleteRequest, CompleteResult, Server, ServerContext } from '@modelcontextprotocol/server';
import type { Json } from '../model/json.ts';
import type { InstalledTool } from '../registry/installed-tool.ts';
import type { OfferCall } from '../runtime/kami-runtime.ts';
import { consult, readOffered } from './consult.ts';
import { findPrompt } from './prompts.ts';
import { findTemplate } from './resources.ts';
import type { NamedTool } from './served-tools.ts';
import type { ServerDeps } from './server-deps.ts';

const nothing: CompleteResult = { completion: { values: [], total: 0, hasMore: false } };
/** MCP: no more values in one answer. */
const maxValues = 100;

/** Answers `completion/complete`; a component is asked only for what it said it can complete. */
export async function complete(
  deps: ServerDeps,
  server: Server,
  { params }: CompleteRequest,
  context: ServerContext,
): Promise<CompleteResult> {
  const asked = findCompleter(deps.host.tools(), params);
  if (asked === undefined) return nothing;
  const answer = await consult(deps, server, asked.tool, asked.call, context);
  if (answer.kind !== 'text') return nothing;
  const values = readOffered(asked.tool.id, answer.text, readValues);
  return {
    completion: {
      values: values.slice(0, maxValues),
      total: values.length,
      hasMore: values.length > maxValues,
    },
  };
}

interface Completer {
  readonly tool: InstalledTool;
  readonly call: OfferCall;
}

function findCompleter(
  tools: readonly NamedTool[],
  { ref, argument: { name, value }, context }: CompleteRequest['params'],
): Completer | undefined {
  const others = JSON.stringify(context?.arguments ?? {});
  if (ref.type === 'ref/prompt') {
    const { tool, prompt } = findPrompt(tools, ref.name);
    const can = prompt.arguments.some((argument) => argument.name === name && argument.completes);
    const texts = [prompt.name, name, value, others];
    return can ? { tool, call: { offer: 'prompts', method: 'complete', texts } } : undefined;
  }
  const found = findTemplate(tools, ref.uri);
  if (found?.resource.uriTemplate === undefined || !found.resource.completes.includes(name)) return undefined;
  const texts = [found.resource.uriTemplate, name, value, others];
  return { tool: found.tool, call: { offer: 'resources', method: 'complete', texts } };
}

function readValues(value: Json): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.every((item: Json) => typeof item === 'string') ? (value as readonly string[]) : undefined;
}
