/** A request that is being answered. */
export interface OpenExchange {
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  readonly abort: () => void;
  /** Its answer is a stream that has no end of its own, so nobody waits for that. */
  readonly lasts: () => void;
  readonly end: () => void;
}

/** Requests whose answers are not complete. */
export class OpenExchanges {
  /** Those that end by themselves. */
  readonly #calls = new Set<OpenExchange>();
  readonly #streams = new Set<OpenExchange>();
  readonly #waiting = new Set<() => void>();

  /** How many calls there are, without streams. */
  get calls(): number {
    return this.#calls.size;
  }

  begin(): OpenExchange {
    const controller = new AbortController();
    const exchange: OpenExchange = {
      signal: controller.signal,
      abort: () => controller.abort(),
      lasts: () => {
        this.#streams.add(exchange);
        this.#leave(this.#calls, exchange);
      },
      end: () => {
        this.#leave(this.#calls, exchange);
        this.#leave(this.#streams, exchange);
      },
    };
    this.#calls.add(exchange);
    return exchange;
  }

  /** Resolves when no call is open any more, or after a time. */
  untilNoCall(waitMs: number): Promise<void> {
    return this.#until(() => this.#calls.size === 0, waitMs);
  }

  /** Resolves when nothing is open any more, or after a time. */
  untilNothing(waitMs: number): Promise<void> {
    return this.#until(() => this.#calls.size + this.#streams.size === 0, waitMs);
  }

  async #until(isSo: () => boolean, waitMs: number): Promise<void> {
    if (isSo()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => isSo() && resolve();
    const late = setTimeout(resolve, waitMs);
    this.#waiting.add(look);
    await promise;
    clearTimeout(late);
    this.#waiting.delete(look);
  }

  #leave(group: Set<OpenExchange>, exchange: OpenExchange): void {
    if (group.delete(exchange)) for (const look of this.#waiting) look();
  }
}
