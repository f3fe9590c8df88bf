import {
  type ClientCapabilities,
  MissingRequiredClientCapabilityError,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { CallOutcome } from '../model/call-result.ts';
import type { AskTarget } from '../model/client-request.ts';
import { clientCannot } from '../runtime/client-service.ts';

const capabilities = {
  user: { elicitation: {} },
  model: { sampling: {} },
  roots: { roots: {} },
} as const satisfies Readonly<Record<AskTarget, ClientCapabilities>>;

/**
 * A tool that could not do without what its client did not declare: 2026-07-28 has an error of its own for it. One that
 * went on without ended otherwise. Clients before that are answered as by every tool that fails.
 * @param lacking what the tool asked for in vain
 * @throws MissingRequiredClientCapabilityError
 */
export function requireCapabilities(
  outcome: CallOutcome,
  lacking: ReadonlySet<AskTarget>,
  { mcpReq }: ServerContext,
): void {
  if (outcome.status !== 'failure' || outcome.code !== clientCannot) return;
  if (lacking.size === 0 || mcpReq.envelope === undefined) return;
  const requiredCapabilities = Object.assign({}, ...[...lacking].map((target) => capabilities[target]));
  throw new MissingRequiredClientCapabilityError({ requiredCapabilities }, outcome.message);
}
