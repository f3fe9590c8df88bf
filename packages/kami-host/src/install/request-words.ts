import type { CapabilityRequest, FileSystemAccess } from '../model/capability.ts';
import type { RequestedLimits } from '../model/limits.ts';

/** What a tool asks for, whether in a manifest or in the registry. */
export interface Asking {
  readonly request: CapabilityRequest;
  readonly limits: RequestedLimits;
}

/** What a tool asks for, one phrase each, to follow "It asks to". Limits are left out: every tool has them. */
export function describeRequest(request: CapabilityRequest): readonly string[] {
  return [
    ...request.network.map(describeHost),
    ...(request.fileSystem === 'none' ? [] : [fileSystemWords[request.fileSystem]]),
    ...request.environment.map((name) => `read the environment variable ${name}`),
  ];
}

/** The bounds of one call that a tool asks for, one phrase each, to follow "It asks to". */
export function describeLimits(limits: RequestedLimits): readonly string[] {
  return [
    `use up to ${limits.maxMemoryMb} MiB of memory`,
    `take up to ${limits.timeoutMs / 1000} s for a call`,
    ...(limits.maxFuel === undefined ? [] : [`use up to ${limits.maxFuel} units of fuel for a call`]),
  ];
}

/** What `after` asks for and `before` did not: the part of an update that needs a person's consent. */
export function describeAdded(before: Asking, after: Asking): readonly string[] {
  const known = new Set([...describeRequest(before.request), ...describeLimits(before.limits)]);
  const grown = describeLimits({
    maxMemoryMb: Math.max(before.limits.maxMemoryMb, after.limits.maxMemoryMb),
    timeoutMs: Math.max(before.limits.timeoutMs, after.limits.timeoutMs),
    maxFuel: largerFuel(before.limits.maxFuel, after.limits.maxFuel),
  });
  const files = accessRank[after.request.fileSystem] > accessRank[before.request.fileSystem];
  const request = { ...after.request, fileSystem: files ? after.request.fileSystem : 'none' } as const;
  return [...describeRequest(request), ...grown].filter((phrase) => !known.has(phrase));
}

function describeHost(host: string): string {
  if (host === '*') return 'connect to any public host';
  const suffix = /^(.*?)\*\.(.*)$/.exec(host);
  return suffix === null ? `connect to ${host}` : `connect to every host under ${suffix[1]}${suffix[2]}`;
}

const fileSystemWords = {
  'read-only': 'read the files of its own package',
  sandbox: 'keep files in a private folder of its own',
} as const satisfies Record<Exclude<FileSystemAccess, 'none'>, string>;

const accessRank = { none: 0, 'read-only': 1, sandbox: 2 } as const satisfies Record<
  FileSystemAccess,
  number
>;

/** A tool that names no figure gets the host's default, which is neither more nor less: no growth. */
function largerFuel(before: number | undefined, after: number | undefined): number | undefined {
  return before === undefined || after === undefined ? after : Math.max(before, after);
}
