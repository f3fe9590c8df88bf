import { KamiError } from '../errors/kami-error.ts';
import { type Lane, type LaneName, Lanes, type Waiter } from './lanes.ts';

export interface SchedulerOptions {
  /** Jobs that have begun and not ended. */
  readonly maxConcurrent: number;
  /** Those of them that compute, and do not wait for something outside. */
  readonly maxComputing: number;
  /** Jobs of one lane that wait to begin; more are refused. */
  readonly maxQueued: number;
}

/** When a job runs, and with whom it waits in line. */
export interface Turn {
  readonly signal: AbortSignal;
  readonly lane: LaneName;
  /** How long it may wait to begin, ms. */
  readonly patienceMs: number;
}

/** A job's place among those that run. */
export interface Place {
  /** How long the job waited to begin, ms. */
  readonly waitedMs: number;
  /** The job waits for something outside, and another may compute. */
  readonly pause: () => void;
  /** Resolves when the job may compute again. */
  readonly resume: () => Promise<void>;
}

/**
 * Lets a bounded number of jobs run at the same time; the others wait, each in the lane of its tool and client.
 * Lanes take turns, and the last place is for a lane that has none: a lane that is full of jobs delays another
 * lane's job by one job of each lane, and no more.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #lanes = new Lanes();
  readonly #idle: (() => void)[] = [];
  #begun = 0;
  #computing = 0;
  #waiting = 0;
  /** Of a job, ms; the newest count most. */
  #usualMs = 0;
  #closed = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Jobs that have begun and not ended. */
  get running(): number {
    return this.#begun;
  }

  /** Jobs that wait to begin. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Runs a job when its turn comes.
   * @throws KamiError `KAMI_BUSY` when too many wait already or it waited too long, `KAMI_SHUTTING_DOWN` after `close`;
   *   the signal's reason when it is aborted while waiting
   */
  async run<T>(job: (place: Place) => Promise<T>, turn: Turn): Promise<T> {
    turn.signal.throwIfAborted();
    if (this.#closed) throw shuttingDown();
    const lane = this.#lanes.of(turn.lane);
    const arrival = performance.now();
    try {
      await this.#begin(lane, turn);
      const start = performance.now();
      const place = new HeldPlace(start - arrival, {
        leave: () => this.#leave(lane),
        enter: () => this.#enter(lane),
      });
      try {
        return await job(place);
      } finally {
        place.end();
        lane.begun -= 1;
        this.#begun -= 1;
        this.#usualMs += (performance.now() - start - this.#usualMs) / 8;
      }
    } finally {
      this.#lanes.forgetIfEmpty(turn.lane);
      this.#next();
    }
  }

  /** Refuses what waits to begin and what comes, and resolves when everything that has begun has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const lane of [...this.#lanes])
      for (const waiter of [...lane.starting]) waiter.refuse(shuttingDown());
    if (this.#begun > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async #begin(lane: Lane, { signal, patienceMs }: Turn): Promise<void> {
    if (!this.#mayBegin(lane)) {
      if (lane.starting.size >= this.#options.maxQueued) throw this.#busy(lane.starting.size);
      this.#waiting += 1;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      // At once: whoever is still in line may be let in before this job goes on.
      const refuse = (reason: unknown) => {
        lane.starting.delete(waiter);
        reject(reason);
      };
      const waiter: Waiter = { go: resolve, refuse };
      const abort = () => refuse(signal.reason);
      const late = setTimeout(() => refuse(this.#late(patienceMs)), patienceMs);
      lane.starting.add(waiter);
      signal.addEventListener('abort', abort, { once: true });
      try {
        return await promise;
      } finally {
        clearTimeout(late);
        signal.removeEventListener('abort', abort);
        this.#waiting -= 1;
      }
    }
    this.#count(lane);
  }

  #count(lane: Lane): void {
    lane.begun += 1;
    this.#begun += 1;
    this.#countTurn(lane);
  }

  #countTurn(lane: Lane): void {
    lane.computing += 1;
    this.#computing += 1;
  }

  #leave(lane: Lane): void {
    lane.computing -= 1;
    this.#computing -= 1;
    this.#next();
  }

  /** @returns how not to enter any more */
  #enter(lane: Lane): { readonly entered: Promise<void>; readonly giveUp: () => void } {
    if (this.#mayCompute(lane)) {
      this.#countTurn(lane);
      return { entered: Promise.resolve(), giveUp: () => this.#leave(lane) };
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    let isIn = false;
    const go = () => {
      isIn = true;
      resolve();
    };
    lane.resuming.add(go);
    return {
      entered: promise,
      giveUp: () => {
        if (isIn) this.#leave(lane);
        lane.resuming.delete(go);
        resolve();
      },
    };
  }

  #mayCompute(lane: Lane): boolean {
    return hasPlace(this.#computing, this.#options.maxComputing, lane.computing);
  }

  #mayBegin(lane: Lane): boolean {
    return this.#mayCompute(lane) && hasPlace(this.#begun, this.#options.maxConcurrent, lane.begun);
  }

  #next(): void {
    for (;;) {
      const lane = this.#lanes.next(
        (candidate) =>
          (candidate.resuming.size > 0 && this.#mayCompute(candidate)) ||
          (candidate.starting.size > 0 && this.#mayBegin(candidate)),
      );
      if (lane === undefined) break;
      const [resuming] = lane.resuming;
      const [starting] = lane.starting;
      if (resuming !== undefined) {
        lane.resuming.delete(resuming);
        this.#countTurn(lane);
        resuming();
      } else if (starting !== undefined) {
        lane.starting.delete(starting);
        this.#count(lane);
        starting.go();
      }
    }
    if (this.#begun === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #busy(waiting: number): KamiError {
    return this.#retryLater(`${waiting} calls of this tool wait already, and no more are taken.`);
  }

  #late(patienceMs: number): KamiError {
    return this.#retryLater(
      `The call could not begin within its time limit of ${Math.ceil(patienceMs)} ms: other calls are before it.`,
    );
  }

  #retryLater(message: string): KamiError {
    const { maxComputing } = this.#options;
    const retryAfterMs = Math.max(1_000, Math.ceil((this.#usualMs * (this.#waiting + 1)) / maxComputing));
    return new KamiError('KAMI_BUSY', {
      message,
      fix: `Call it again in ${Math.ceil(retryAfterMs / 1_000)} s, and less often at the same time.`,
      data: { retryAfterMs },
    });
  }
}

/** Whether one more fits. The last place is for a lane that has none. */
function hasPlace(taken: number, places: number, ofLane: number): boolean {
  const kept = ofLane > 0 && places > 1 ? 1 : 0;
  return taken < places - kept;
}

interface Door {
  readonly leave: () => void;
  readonly enter: () => { readonly entered: Promise<void>; readonly giveUp: () => void };
}

class HeldPlace implements Place {
  readonly waitedMs: number;
  readonly #door: Door;
  /** How the job came in, or wants to; undefined while it is outside. */
  #entering: ReturnType<Door['enter']> | undefined;
  #ended = false;

  /** Of a job that is inside. */
  constructor(waitedMs: number, door: Door) {
    this.waitedMs = waitedMs;
    this.#door = door;
    this.#entering = { entered: Promise.resolve(), giveUp: door.leave };
  }

  readonly pause = (): void => {
    if (this.#ended) return;
    this.#entering?.giveUp();
    this.#entering = undefined;
  };

  readonly resume = (): Promise<void> => {
    if (this.#ended) return Promise.resolve();
    this.#entering ??= this.#door.enter();
    return this.#entering.entered;
  };

  end(): void {
    this.pause();
    this.#ended = true;
  }
}

export function shuttingDown(): KamiError {
  return new KamiError('KAMI_SHUTTING_DOWN', {
    message: 'KAMI is shutting down and takes no more calls.',
    fix: 'Call again when it has been started again.',
  });
}
