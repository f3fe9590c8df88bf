import {
  type InputRequiredResult,
  ProtocolError,
  ProtocolErrorCode,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { CallFailure } from '../model/call-result.ts';
import type { AskTarget } from '../model/client-request.ts';
import type { ToolId } from '../model/ids.ts';
import type { Json } from '../model/json.ts';
import type { InstalledTool } from '../registry/installed-tool.ts';
import type { OfferCall } from '../runtime/kami-runtime.ts';
import { callerOf } from './caller.ts';
import { noteRefusals, takeLog } from './log.ts';
import { requireCapabilities } from './missing-capability.ts';
import { requestName } from './request-state.ts';
import type { ServerDeps } from './server-deps.ts';

/** What a component answered: a text of its own, or that its client has to answer something first. */
export type Consulted =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'input-required'; readonly result: InputRequiredResult };

/**
 * Asks a component for a prompt, a resource or a completion. These have no result for a failure, as tools have.
 * @throws ProtocolError with what the component failed with
 */
export async function consult(
  { host, logger, client, states }: ServerDeps,
  server: Server,
  { id }: InstalledTool,
  asked: OfferCall,
  context: ServerContext,
): Promise<Consulted> {
  const request = requestName(asked.offer, asked.method, id, asked.texts);
  const answers = states.answersTo(request, context);
  const lacking = new Set<AskTarget>();
  const { outcome, refusals } = await host.consult(id, asked, {
    ...(client === undefined ? {} : { client }),
    signal: context.mcpReq.signal,
    onLog: takeLog(logger.child({ tool: id }), context, id),
    caller: callerOf(server, context, answers, lacking),
  });
  noteRefusals(logger, id, refusals);
  if (outcome.status === 'input-required') {
    return { kind: 'input-required', result: await states.ask(request, outcome.requests, answers, context) };
  }
  requireCapabilities(outcome, lacking, context);
  if (outcome.status === 'failure') throw failed(outcome);
  const [block] = outcome.content;
  return { kind: 'text', text: block?.type === 'text' ? block.text : '' };
}

/**
 * Reads the text of an offer, which is JSON in a form that its interface demands.
 * @throws ProtocolError
 */
export function readOffered<T>(id: ToolId, text: string, read: (value: Json) => T | undefined): T {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    throw unreadable(id);
  }
  const found = read(value);
  if (found === undefined) throw unreadable(id);
  return found;
}

function unreadable(id: ToolId): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InternalError, `${id} answered something that can't be read.`);
}

function failed({ reason, message, code, data }: CallFailure): ProtocolError {
  const isInput = reason === 'invalid-input';
  const details = {
    reason,
    ...(code === undefined ? {} : { code }),
    ...(data === undefined ? {} : { data }),
  };
  return new ProtocolError(
    isInput ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError,
    message,
    details,
  );
}
