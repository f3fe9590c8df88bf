import type { FileSystemAccess, MountAccess, RequestedCredential } from './capability.ts';
import type { AskTarget } from './client-request.ts';
import {
  formatGrantItem,
  type GrantItem,
  type GrantSelector,
  type LimitKind,
  selects,
} from './grant-item.ts';

export interface GrantedMount {
  /** Where the tool sees the folder. */
  readonly guestPath: string;
  /** The folder, absolute. */
  readonly hostPath: string;
  readonly access: MountAccess;
}

/** Limits that were granted to one tool; undefined where the host's own default holds. */
export interface GrantedLimits {
  /** MiB. */
  readonly maxMemoryMb: number | undefined;
  readonly timeoutMs: number | undefined;
  /** Instructions. */
  readonly maxFuel: number | undefined;
  readonly maxConcurrentRequests: number | undefined;
  readonly callsPerMinute: number | undefined;
}

/** What the operator allows one tool, deeply frozen. Only this reaches the sandbox, never what the tool asks for. */
export interface Grant {
  /** Host patterns as they were granted. */
  readonly network: readonly string[];
  readonly fileSystem: FileSystemAccess;
  readonly mounts: readonly GrantedMount[];
  /** Names of environment variables. */
  readonly environment: readonly string[];
  /** Whom the tool may ask through its client. */
  readonly asks: readonly AskTarget[];
  /** What the host adds to requests; `${NAME}` in a value stands for a secret. */
  readonly credentials: readonly RequestedCredential[];
  readonly limits: GrantedLimits;
  /** Whether clocks are served at full resolution. */
  readonly fineClock: boolean;
  /** Name of the user of this machine who last changed it; undefined while nothing was ever granted. */
  readonly grantedBy: string | undefined;
  /** ISO 8601, UTC. */
  readonly grantedAt: string | undefined;
}

/** Who changes a grant, and when. */
export interface Grantor {
  readonly by: string;
  readonly at: Date;
}

/** Everything denied; the host's default limits. */
export const noGrant: Grant = Object.freeze({
  network: Object.freeze([]),
  fileSystem: 'none',
  mounts: Object.freeze([]),
  environment: Object.freeze([]),
  asks: Object.freeze([]),
  credentials: Object.freeze([]),
  limits: Object.freeze({
    maxMemoryMb: undefined,
    timeoutMs: undefined,
    maxFuel: undefined,
    maxConcurrentRequests: undefined,
    callsPerMinute: undefined,
  }),
  fineClock: false,
  grantedBy: undefined,
  grantedAt: undefined,
});

/** The field of each limit. */
export const limitFields = {
  memory: 'maxMemoryMb',
  time: 'timeoutMs',
  fuel: 'maxFuel',
  requests: 'maxConcurrentRequests',
  rate: 'callsPerMinute',
} as const satisfies Record<LimitKind, keyof GrantedLimits>;

/** All that a grant allows, one item each, in a fixed order. */
export function grantItems(grant: Grant): readonly GrantItem[] {
  const limits = Object.entries(limitFields) as [LimitKind, keyof GrantedLimits][];
  return [
    ...grant.network.map((host): GrantItem => ({ kind: 'net', host })),
    ...(grant.fileSystem === 'none' ? [] : [{ kind: 'fs', access: grant.fileSystem } as const]),
    ...grant.mounts.map((mount): GrantItem => ({ kind: 'mount', ...mount })),
    ...grant.environment.map((name): GrantItem => ({ kind: 'env', name })),
    ...grant.asks.map((target): GrantItem => ({ kind: 'ask', target })),
    ...grant.credentials.map((credential): GrantItem => ({ kind: 'credential', ...credential })),
    ...limits.flatMap(([kind, field]): GrantItem[] => {
      const value = grant.limits[field];
      return value === undefined ? [] : [{ kind, value }];
    }),
    ...(grant.fineClock ? [{ kind: 'clock', resolution: 'fine' } as const] : []),
  ];
}

/** The grant of exactly these items; of two that contradict each other the later one holds. */
export function createGrant(items: readonly GrantItem[], { by, at }: Grantor): Grant {
  const byPlace = new Map<string, GrantItem>();
  for (const item of items) {
    const place = placeOf(item);
    byPlace.delete(place);
    byPlace.set(place, item);
  }
  const of = <K extends GrantItem['kind']>(kind: K) =>
    [...byPlace.values()].filter((item): item is Extract<GrantItem, { kind: K }> => item.kind === kind);
  const limit = (kind: LimitKind) => of(kind).map((item) => (item as { value: number }).value)[0];
  return Object.freeze({
    network: Object.freeze(of('net').map(({ host }) => host)),
    fileSystem: of('fs')[0]?.access ?? 'none',
    mounts: Object.freeze(of('mount').map(({ kind: _, ...mount }) => Object.freeze(mount))),
    environment: Object.freeze(of('env').map(({ name }) => name)),
    asks: Object.freeze(of('ask').map(({ target }) => target)),
    credentials: Object.freeze(of('credential').map(({ kind: _, ...rest }) => Object.freeze(rest))),
    limits: Object.freeze({
      maxMemoryMb: limit('memory'),
      timeoutMs: limit('time'),
      maxFuel: limit('fuel'),
      maxConcurrentRequests: limit('requests'),
      callsPerMinute: limit('rate'),
    }),
    fineClock: of('clock').length > 0,
    grantedBy: by,
    grantedAt: at.toISOString(),
  });
}

/** What a change of a grant does: first `remove`, then `add`. */
export interface GrantChange {
  readonly add: readonly GrantItem[];
  readonly remove: readonly GrantSelector[];
}

/** The grant after a change. One that changes nothing gives the same grant back, with its old grantor. */
export function changeGrant(grant: Grant, { add, remove }: GrantChange, grantor: Grantor): Grant {
  const kept = grantItems(grant).filter((item) => !remove.some((selector) => selects(selector, item)));
  const changed = createGrant([...kept, ...add], grantor);
  return textOf(changed) === textOf(grant) ? grant : changed;
}

/** A grant and more, for a moment: who granted it stays. */
export function withItems(grant: Grant, items: readonly GrantItem[]): Grant {
  const { grantedBy, grantedAt } = grant;
  const all = createGrant([...grantItems(grant), ...items], { by: grantedBy ?? '', at: new Date(0) });
  return Object.freeze({ ...all, grantedBy, grantedAt });
}

/** Whether exactly this item is granted. */
export function hasGrantItem(grant: Grant, item: GrantItem): boolean {
  const text = formatGrantItem(item);
  return grantItems(grant).some((granted) => formatGrantItem(granted) === text);
}

function textOf(grant: Grant): string {
  return grantItems(grant).map(formatGrantItem).toSorted().join('\n');
}

/**
 * Items with the same place exclude each other: a tool has one memory limit, and one folder at a path. The text is
 * for comparing only.
 */
export function placeOf(item: GrantItem): string {
  switch (item.kind) {
    case 'mount':
      return `mount ${item.guestPath}`;
    case 'credential':
      return `credential ${item.host} ${item.header.toLowerCase()}`;
    case 'net':
    case 'env':
    case 'ask':
      return formatGrantItem(item);
    default:
      return item.kind;
  }
}
