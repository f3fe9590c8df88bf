import type { CallToolResult } from '@modelcontextprotocol/server';
import type { CallFailure, CallOutcome, CallResult } from '../model/call-result.ts';
import type { Refusal } from '../model/capability.ts';

/** Key of `_meta` under which a result says what the call cost and what was refused. */
const callMetaKey = 'kami/call';

/** A call that needs no more answers. */
export type FinishedCall = Omit<CallResult, 'outcome'> & { readonly outcome: CallOutcome };

/** A call's result as MCP carries it: a tool's failure is a result with `isError`, never a protocol error. */
export function toCallToolResult({
  outcome,
  durationMs,
  memoryPeakBytes,
  fuel,
  readClock,
  refusals,
}: FinishedCall): CallToolResult {
  const cost = { durationMs, memoryPeakBytes, fuel, readClock, refusals };
  if (outcome.status === 'success') {
    return {
      content: outcome.content as CallToolResult['content'],
      ...(outcome.structuredContent === undefined ? {} : { structuredContent: outcome.structuredContent }),
      _meta: { [callMetaKey]: cost },
    };
  }
  return {
    content: failureTexts(outcome, refusals).map((text) => ({ type: 'text', text })),
    isError: true,
    _meta: { [callMetaKey]: { ...cost, reason: outcome.reason } },
  };
}

function failureTexts({ message, code, data }: CallFailure, refusals: readonly Refusal[]): readonly string[] {
  return [
    message,
    ...(code === undefined && data === undefined ? [] : [JSON.stringify({ code, data })]),
    ...(refusals.length === 0 ? [] : [refusalText(refusals)]),
  ];
}

/** A model that reads this must not believe that it could grant something itself. */
function refusalText(refusals: readonly Refusal[]): string {
  const list = refusals.map(({ capability, subject }) => `${capability} ${subject}`).join(', ');
  const grants = [...new Set(refusals.flatMap(({ grant }) => grant ?? []))];
  const how = grants.length === 0 ? '' : ` (the permission is called ${grants.join(', ')})`;
  return `The sandbox refused: ${list}. Only the person who runs this server can permit it${how}.`;
}
