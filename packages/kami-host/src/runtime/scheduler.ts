import { KamiError } from '../errors/kami-error.ts';

export interface SchedulerOptions {
  /** Jobs that run at the same time. */
  readonly maxConcurrent: number;
  /** Jobs of one lane that wait at the same time; more are refused. */
  readonly maxQueued: number;
}

/** When a job runs, and with whom it waits in line. */
export interface Turn {
  readonly signal: AbortSignal;
  /** Lanes take turns: one that is full of jobs delays another lane's job by one place for each lane, and no more. */
  readonly lane: string;
}

interface Waiter {
  readonly start: () => void;
  readonly refuse: (reason: unknown) => void;
}

/** Lets a bounded number of jobs run at the same time; the others wait, each in the lane of its kind. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  /** Lanes that somebody waits in, the one whose turn is next first. */
  readonly #lanes = new Map<string, Set<Waiter>>();
  readonly #idle: (() => void)[] = [];
  #running = 0;
  #closed = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return [...this.#lanes.values()].reduce((sum, lane) => sum + lane.size, 0);
  }

  /**
   * Runs a job when its turn comes.
   * @throws KamiError `KAMI_BUSY` when too many wait already, `KAMI_SHUTTING_DOWN` after `close`; the signal's reason
   *   when it is aborted while waiting
   */
  async run<T>(job: () => Promise<T>, turn: Turn): Promise<T> {
    await this.#wait(turn);
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
    const lanes = [...this.#lanes.values()];
    this.#lanes.clear();
    for (const lane of lanes) for (const waiter of lane) waiter.refuse(shuttingDown());
    if (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async #wait({ signal, lane }: Turn): Promise<void> {
    signal.throwIfAborted();
    if (this.#closed) throw shuttingDown();
    if (this.#running < this.#options.maxConcurrent) {
      this.#running += 1;
      return;
    }
    const line = this.#lanes.get(lane) ?? new Set();
    if (line.size >= this.#options.maxQueued) throw busy(line.size);
    this.#lanes.set(lane, line);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { start: resolve, refuse: reject };
    const abort = () => {
      line.delete(waiter);
      if (line.size === 0) this.#lanes.delete(lane);
      reject(signal.reason);
    };
    line.add(waiter);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  #next(): void {
    const [[lane, line] = ['', new Set<Waiter>()]] = this.#lanes;
    const [waiter] = line;
    if (waiter === undefined) {
      if (this.#running === 0) for (const resolve of this.#idle.splice(0)) resolve();
      return;
    }
    this.#lanes.delete(lane);
    line.delete(waiter);
    // Behind the others: the next place is theirs.
    if (line.size > 0) this.#lanes.set(lane, line);
    this.#running += 1;
    waiter.start();
  }
}

export function shuttingDown(): KamiError {
  return new KamiError('KAMI_SHUTTING_DOWN', {
    message: 'KAMI is shutting down and takes no more calls.',
    fix: 'Call again when it has been started again.',
  });
}

function busy(waiting: number): KamiError {
  return new KamiError('KAMI_BUSY', {
    message: `${waiting} calls of this tool wait already, and no more are taken.`,
    fix: 'Call it again in some seconds, and less often at the same time.',
  });
}
