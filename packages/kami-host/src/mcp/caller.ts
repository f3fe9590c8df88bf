import { CLIENT_CAPABILITIES_META_KEY, type Server, type ServerContext } from '@modelcontextprotocol/server';
import type { AskTarget, Progress } from '../model/client-request.ts';
import type { Json } from '../model/json.ts';
import type { Caller } from '../runtime/client-service.ts';

/**
 * What a client is to the tool that it calls: it is told how far that is, if it asked to, and asked what it can answer.
 * @param lacking takes what the tool asks for in vain
 */
export function callerOf(
  server: Server,
  { mcpReq }: ServerContext,
  answers: ReadonlyMap<string, Json>,
  lacking: Set<AskTarget>,
): Caller {
  const { progressToken } = mcpReq._meta ?? {};
  const canAnswer = new Set<AskTarget>();
  const { elicitation, sampling, roots } = capabilitiesOf(server, mcpReq);
  // An empty object means forms, as in 2025-06-18.
  if (elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined)) {
    canAnswer.add('user');
  }
  if (sampling !== undefined) canAnswer.add('model');
  if (roots !== undefined) canAnswer.add('roots');
  return {
    answers,
    canAnswer,
    onCannot: (target) => lacking.add(target),
    ...(progressToken === undefined ? {} : { onProgress: tell }),
  };

  function tell({ done, total, message }: Progress): void {
    const params = {
      progressToken: progressToken as string | number,
      progress: done,
      ...(total === undefined ? {} : { total }),
      ...(message === undefined ? {} : { message }),
    };
    // A client that is gone is not told.
    mcpReq.notify({ method: 'notifications/progress', params }).catch(() => {});
  }
}

type Capabilities = Partial<Record<'elicitation' | 'sampling' | 'roots', Readonly<Record<string, unknown>>>>;

/** Of the request in 2026-07-28, of the connection before that. */
function capabilitiesOf(server: Server, { envelope }: ServerContext['mcpReq']): Capabilities {
  const declared = (envelope as Readonly<Record<string, unknown>> | undefined)?.[
    CLIENT_CAPABILITIES_META_KEY
  ];
  return (declared ?? server.getClientCapabilities() ?? {}) as Capabilities;
}
