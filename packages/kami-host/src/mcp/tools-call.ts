import {
  type CallToolRequest,
  type CallToolResult,
  type InputRequiredResult,
  ProtocolError,
  ProtocolErrorCode,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { AskTarget } from '../model/client-request.ts';
import type { Json } from '../model/json.ts';
import { endOf } from '../runtime/client-service.ts';
import { toCallToolResult } from './call-tool-result.ts';
import { callerOf } from './caller.ts';
import { noteRefusals, takeLog } from './log.ts';
import { requireCapabilities } from './missing-capability.ts';
import { requestName } from './request-state.ts';
import type { ServerDeps } from './server-deps.ts';

/** Answers `tools/call`. */
export async function callTool(
  { host, logger, client, states, permissions }: ServerDeps,
  server: Server,
  { params }: CallToolRequest,
  context: ServerContext,
): Promise<CallToolResult | InputRequiredResult> {
  const tool = host.find(params.name);
  if (tool === undefined) {
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no tool "${params.name}".`);
  }
  const input = (params.arguments ?? {}) as Json;
  const request = requestName('tools/call', tool.id, input);
  const answers = states.answersTo(request, context);
  const lacking = new Set<AskTarget>();
  const caller = callerOf(server, context, answers, lacking);
  const result = await host.call(tool.id, input, {
    ...(client === undefined ? {} : { client }),
    signal: context.mcpReq.signal,
    onLog: takeLog(logger.child({ tool: tool.id }), context, tool.id),
    caller,
    permitted: permissions?.permitted(tool.id, client ?? '', answers) ?? [],
  });
  noteRefusals(logger, tool.id, result.refusals);
  if (result.outcome.status === 'input-required') {
    return states.ask(request, result.outcome.requests, answers, context);
  }
  const canAsk = caller.canAnswer?.has('user') === true;
  const question = canAsk ? permissions?.question(tool.id, result.refusals, answers) : undefined;
  if (question !== undefined) return states.ask(request, [question], answers, context);
  const outcome = endOf(result);
  requireCapabilities(outcome, lacking, context);
  return server.projectCallToolResult(toCallToolResult({ ...result, outcome }), tool.outputSchema);
}
