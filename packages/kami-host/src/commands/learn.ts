import { renderSecurity } from '../manifest/render-manifest.ts';
import type { CallResult } from '../model/call-result.ts';
import type { CapabilityRequest } from '../model/capability.ts';
import { anyFolder, formatGrantItem, type GrantItem, parseGrantItem } from '../model/grant-item.ts';
import { defaultRequestedLimits, type Limits, type RequestedLimits } from '../model/limits.ts';
import type { CallNotes } from '../runtime/callable-tool.ts';
import { cleanText } from '../terminal/clean-text.ts';

/** Notes what a call makes use of. */
export function noteUses(): { readonly used: () => readonly GrantItem[]; readonly notes: CallNotes } {
  const used = new Map<string, GrantItem>();
  return {
    used: () => [...used.values()],
    notes: { onUse: (item) => void used.set(formatGrantItem(item), item), onRefusal: () => {} },
  };
}

/**
 * The smallest `[security]` of a tool.toml that a call shows to be enough: what it used of what was granted, what
 * it was refused and a grant would have allowed, and limits only where KAMI's own are too small.
 */
export function learnedSecurity(
  { refusals, memoryPeakBytes, durationMs, fuel }: CallResult,
  used: readonly GrantItem[],
  defaults: Pick<Limits, 'maxFuel'>,
): string {
  const refused = refusals.flatMap(({ grant }) =>
    grant === undefined ? [] : [parseGrantItem(grant.replace(anyFolder, '/'))],
  );
  const text = renderSecurity(requestOf([...used, ...refused]), {
    ...above('maxMemoryMb', Math.ceil(memoryPeakBytes / 1024 / 1024), defaultRequestedLimits.maxMemoryMb),
    // Another machine may be slower than this one.
    ...above('timeoutMs', Math.ceil(durationMs) * 2, defaultRequestedLimits.timeoutMs),
    ...above('maxFuel', fuel, defaults.maxFuel),
  });
  const unnamed = refusals.filter(({ grant }) => grant === undefined);
  const rest = unnamed.map(
    ({ capability, subject }) => `# Refused, and no one line allows it: ${capability} ${subject}\n`,
  );
  if (text === '' && rest.length === 0) return '# The call needed no permission: no [security] table.\n';
  return text + rest.map(cleanComment).join('');
}

/** What a tool asked for is its own text: in a file it must not become a line of its own. */
function cleanComment(line: string): string {
  return `${cleanText(line.trimEnd())}\n`;
}

/** A limit is asked for when a call has come near to the default, or past it. */
function above(field: keyof RequestedLimits, needed: number, byDefault: number): Partial<RequestedLimits> {
  return needed > byDefault ? { [field]: needed } : {};
}

function requestOf(items: readonly GrantItem[]): CapabilityRequest {
  const of = <K extends GrantItem['kind']>(kind: K) =>
    items.filter((item): item is Extract<GrantItem, { kind: K }> => item.kind === kind);
  const mounts = new Map<string, CapabilityRequest['mounts'][number]>();
  for (const { guestPath: path, access } of of('mount')) {
    const known = mounts.get(path);
    mounts.set(path, {
      path,
      access: known?.access === 'read-write' ? 'read-write' : access,
      reason: undefined,
    });
  }
  return {
    network: [...new Set(of('net').map(({ host }) => host))].toSorted(),
    fileSystem: of('fs')[0]?.access ?? 'none',
    environment: of('env')
      .map(({ name }) => name)
      .toSorted(),
    asks: of('ask')
      .map(({ target }) => target)
      .toSorted(),
    mounts: [...mounts.values()],
    credentials: of('credential').map(({ host, header, value }) => ({ host, header, value })),
  };
}
