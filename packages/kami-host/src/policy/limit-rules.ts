import type { GrantedLimits } from '../model/grant.ts';
import { formatGrantItem, type LimitKind } from '../model/grant-item.ts';
import { defaultLimits, type Limits, limitBounds } from '../model/limits.ts';

/** The settings that limits follow where none was granted; the configuration fits. */
export interface PolicyDefaults {
  readonly runtime: {
    /** Seconds. */
    readonly defaultTimeoutSecs: number;
    readonly defaultCallsPerMinute: number;
  };
  readonly sandbox: {
    readonly defaultMaxMemoryMb: number;
    readonly defaultMaxFuel: number;
    readonly defaultMaxRequests: number;
  };
}

/** The limits of a call: what was granted, else the configured default. */
export function limitRules(
  granted: GrantedLimits,
  { runtime, sandbox }: PolicyDefaults,
  deny: (item: string, reason: string) => void,
): Limits {
  function limit(kind: LimitKind, field: keyof GrantedLimits, byDefault: number): number {
    const value = granted[field];
    if (value === undefined) return byDefault;
    if (Number.isSafeInteger(value) && value >= 1 && value <= limitBounds[field]) return value;
    deny(formatGrantItem({ kind, value }), `it is not a whole number from 1 to ${limitBounds[field]}`);
    return byDefault;
  }
  return Object.freeze({
    ...defaultLimits,
    maxMemoryMb: limit('memory', 'maxMemoryMb', sandbox.defaultMaxMemoryMb),
    timeoutMs: limit('time', 'timeoutMs', Math.max(1, Math.round(runtime.defaultTimeoutSecs * 1_000))),
    maxFuel: limit('fuel', 'maxFuel', sandbox.defaultMaxFuel),
    maxConcurrentRequests: limit('requests', 'maxConcurrentRequests', sandbox.defaultMaxRequests),
    callsPerMinute: limit('rate', 'callsPerMinute', runtime.defaultCallsPerMinute),
  });
}
