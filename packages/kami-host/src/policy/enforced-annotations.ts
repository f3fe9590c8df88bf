import type { ToolId } from '../model/ids.ts';
import type { ToolAnnotations } from '../model/tool.ts';
import type { CallPolicy } from './call-policy.ts';

/** What clients are told of a tool, and what its author told wrongly. */
export interface EnforcedAnnotations {
  readonly annotations: ToolAnnotations;
  /** Claims that sound safer than what the tool may do; clients are not told them. */
  readonly corrections: readonly AnnotationCorrection[];
}

export interface AnnotationCorrection {
  readonly hint: 'readOnlyHint' | 'openWorldHint';
  /** What the author claims. */
  readonly claimed: boolean;
  /** What contradicts it, to follow "it says …, but". */
  readonly reason: string;
}

/**
 * The hints that the sandbox holds a tool to (MCP, `ToolAnnotations`), and the author's own where it holds to nothing:
 *
 * | may reach hosts | may write | readOnly | destructive | idempotent | openWorld |
 * |---|---|---|---|---|---|
 * | no | no | true | false | true | false |
 * | no | yes | false | claim | claim | false |
 * | yes | no | claim | claim | claim | true |
 * | yes | yes | false | claim | claim | true |
 *
 * What can change nothing destroys nothing, and changes nothing the second time either. What is sent to a host may change
 * something there, and may not: that the sandbox can't tell. A private folder counts as one that is written, since what
 * is in it outlives the call.
 */
export function enforceAnnotations(
  claims: ToolAnnotations,
  { network, files }: Pick<CallPolicy, 'network' | 'files'>,
): EnforcedAnnotations {
  const reached = network.allow.map(({ text }) => text);
  const written = files.mounts
    .filter(({ access }) => access === 'read-write')
    .map((mount) => mount.guestPath);
  const openWorldHint = reached.length > 0;
  const corrections: AnnotationCorrection[] = [];
  if (claims.readOnlyHint === true && written.length > 0) {
    const reason = `it may write to ${listed(written)}`;
    corrections.push({ hint: 'readOnlyHint', claimed: true, reason });
  }
  if (claims.openWorldHint === false && openWorldHint) {
    corrections.push({ hint: 'openWorldHint', claimed: false, reason: `it may reach ${listed(reached)}` });
  }
  return {
    annotations: {
      ...claims,
      ...(written.length > 0 ? { readOnlyHint: false } : openWorldHint ? {} : harmless),
      openWorldHint,
    },
    corrections,
  };
}

/** A correction in one sentence. */
export function correctionText(id: ToolId, { hint, claimed, reason }: AnnotationCorrection): string {
  return `${id} says ${hint}: ${claimed}, but ${reason}; clients are told ${hint}: ${!claimed}`;
}

const harmless = { readOnlyHint: true, destructiveHint: false, idempotentHint: true } as const;

const maxListed = 3;

function listed(names: readonly string[]): string {
  const more = names.length - maxListed;
  return `${names.slice(0, maxListed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
