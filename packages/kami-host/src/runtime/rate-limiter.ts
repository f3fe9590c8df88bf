/** Sums of fractions of a call are not exact. */
const roundingError = 1e-6;

/** Lets so many calls pass in any minute, evenly spread after a first burst (a token bucket). */
export class RateLimiter {
  readonly #now: () => number;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  /** @param now ms, of any origin */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Takes one call of a key.
   * @returns 0 when it may go on, else ms until the next one may
   */
  take(key: string, callsPerMinute: number): number {
    const now = this.#now();
    const perMs = callsPerMinute / 60_000;
    const bucket = this.#buckets.get(key) ?? { tokens: callsPerMinute, at: now };
    const tokens = Math.min(callsPerMinute, bucket.tokens + (now - bucket.at) * perMs);
    const passes = tokens > 1 - roundingError;
    this.#buckets.set(key, { tokens: passes ? tokens - 1 : tokens, at: now });
    return passes ? 0 : Math.ceil((1 - tokens) / perMs - roundingError);
  }
}
