import { KamiError } from '../errors/kami-error.ts';

interface Waiter {
  readonly start: () => void;
  readonly refuse: (reason: unknown) => void;
}

/** Lets a bounded number of jobs run at the same time; the others wait in the order in which they came. */
export class Scheduler {
  readonly #maxConcurrent: number;
  readonly #waiting = new Set<Waiter>();
  readonly #idle: (() => void)[] = [];
  #running = 0;
  #closed = false;

  constructor(maxConcurrent: number) {
    this.#maxConcurrent = maxConcurrent;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Runs a job when its turn comes.
   * @throws KamiError `KAMI_SHUTTING_DOWN` after `close`; the signal's reason when it is aborted while waiting
   */
  async run<T>(job: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#turn(signal);
    try {
      return await job();
    } finally {
      this.#running -= 1;
      this.#next();
    }
  }

  /** Refuses what waits and what comes, and resolves when everything that runs has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiter of this.#waiting) waiter.refuse(shuttingDown());
    this.#waiting.clear();
    if (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#closed) throw shuttingDown();
    if (this.#running < this.#maxConcurrent) {
      this.#running += 1;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { start: resolve, refuse: reject };
    const abort = () => {
      this.#waiting.delete(waiter);
      reject(signal.reason);
    };
    this.#waiting.add(waiter);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  #next(): void {
    const [waiter] = this.#waiting;
    if (waiter !== undefined) {
      this.#waiting.delete(waiter);
      this.#running += 1;
      waiter.start();
    } else if (this.#running === 0) {
      for (const resolve of this.#idle.splice(0)) resolve();
    }
  }
}

export function shuttingDown(): KamiError {
  return new KamiError('KAMI_SHUTTING_DOWN', {
    message: 'KAMI is shutting down and takes no more calls.',
    fix: 'Call again when it has been started again.',
  });
}
