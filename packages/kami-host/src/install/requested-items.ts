import type { CapabilityRequest, FileSystemAccess, RequestedMount } from '../model/capability.ts';
import { formatGrantItem, type GrantItem } from '../model/grant-item.ts';
import { defaultRequestedLimits, type RequestedLimits } from '../model/limits.ts';

/** What a tool asks for, whether in a manifest or in the registry. */
export interface Asking {
  readonly request: CapabilityRequest;
  readonly limits: RequestedLimits;
}

/** A request as the operator answers it: items that can be granted as they are, and places for folders that he chooses. */
export interface RequestedItems {
  readonly items: readonly GrantItem[];
  readonly mounts: readonly RequestedMount[];
}

/** All that a tool asks for. Limits are among it where they differ from those of a tool.toml that names none. */
export function requestedItems({ request, limits }: Asking): RequestedItems {
  return {
    items: [...capabilityItems(request), ...limitItems(limits, defaultRequestedLimits)],
    mounts: request.mounts,
  };
}

/** What `after` asks for beyond `before`: the part of an update that needs a person's consent. */
export function addedItems(before: Asking, after: Asking): RequestedItems {
  const known = new Set(capabilityItems(before.request).map(formatGrantItem));
  const filesGrew = accessRank[after.request.fileSystem] > accessRank[before.request.fileSystem];
  const capabilities = capabilityItems(after.request).filter((item) =>
    item.kind === 'fs' ? filesGrew : !known.has(formatGrantItem(item)),
  );
  const mounts = after.request.mounts.filter(({ path, access }) => {
    const old = before.request.mounts.find((mount) => mount.path === path);
    return old === undefined || (access === 'read-write' && old.access === 'read-only');
  });
  const limits = {
    maxMemoryMb: Math.max(before.limits.maxMemoryMb, after.limits.maxMemoryMb),
    timeoutMs: Math.max(before.limits.timeoutMs, after.limits.timeoutMs),
    maxFuel: largerFuel(before.limits.maxFuel, after.limits.maxFuel),
  };
  return { items: [...capabilities, ...limitItems(limits, before.limits)], mounts };
}

function capabilityItems(request: CapabilityRequest): readonly GrantItem[] {
  return [
    ...request.network.map((host): GrantItem => ({ kind: 'net', host })),
    ...(request.fileSystem === 'none' ? [] : [{ kind: 'fs', access: request.fileSystem } as const]),
    ...request.environment.map((name): GrantItem => ({ kind: 'env', name })),
    ...request.asks.map((target): GrantItem => ({ kind: 'ask', target })),
    ...request.credentials.map((credential): GrantItem => ({ kind: 'credential', ...credential })),
  ];
}

function limitItems(limits: RequestedLimits, known: RequestedLimits): readonly GrantItem[] {
  const { maxMemoryMb, timeoutMs, maxFuel } = limits;
  return [
    ...(maxMemoryMb === known.maxMemoryMb ? [] : [{ kind: 'memory', value: maxMemoryMb } as const]),
    ...(timeoutMs === known.timeoutMs ? [] : [{ kind: 'time', value: timeoutMs } as const]),
    ...(maxFuel === undefined || maxFuel === known.maxFuel
      ? []
      : [{ kind: 'fuel', value: maxFuel } as const]),
  ];
}

const accessRank = { none: 0, 'read-only': 1, sandbox: 2 } as const satisfies Record<
  FileSystemAccess,
  number
>;

/** A tool that names no figure gets the host's default, which is neither more nor less: no growth. */
function largerFuel(before: number | undefined, after: number | undefined): number | undefined {
  return before === undefined || after === undefined ? after : Math.max(before, after);
}
