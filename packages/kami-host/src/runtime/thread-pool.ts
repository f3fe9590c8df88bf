import type { Sha256 } from '../model/ids.ts';
import { SandboxThread } from '../sandbox/sandbox-thread.ts';
import type { EventSink } from './events.ts';

/** A thread can't forget the glue of an engine; one that has seen so many makes room for a new one. */
const maxEnginesPerThread = 16;
/** What was needed for a burst is kept for the next, for so long. */
const burstMs = 10_000;

export interface ThreadPoolOptions {
  /** Idle threads to keep for good; more are kept for a while after they were needed. */
  readonly size: number;
  readonly onEvent: EventSink;
}

interface IdleThread {
  readonly thread: SandboxThread;
  readonly sinceMs: number;
}

/** Keeps threads that have nothing to do for the next call, those that have an instance for it first. */
export class ThreadPool {
  readonly #options: ThreadPoolOptions;
  /** In the order of last use, the oldest first. */
  #idle: readonly IdleThread[] = [];
  readonly #busy = new Set<SandboxThread>();
  #shrink: NodeJS.Timeout | undefined;

  constructor(options: ThreadPoolOptions) {
    this.#options = options;
  }

  /** Lends a thread to one piece of work; one that did not survive it is not kept. */
  async use<T>(component: Sha256, work: (thread: SandboxThread) => Promise<T>): Promise<T> {
    const thread = this.#take(component) ?? this.#start();
    this.#busy.add(thread);
    try {
      return await work(thread);
    } finally {
      this.#busy.delete(thread);
      this.#keep(thread);
    }
  }

  /** Starts a thread for the first piece of work, where idle ones are kept. */
  warmUp(): void {
    if (this.#options.size > 0 && this.#idle.length === 0) this.#keep(this.#start());
  }

  /** Ends all threads, busy ones too. */
  async close(): Promise<void> {
    clearTimeout(this.#shrink);
    const threads = [...this.#idle.map(({ thread }) => thread), ...this.#busy];
    this.#idle = [];
    await Promise.all(threads.map((thread) => thread.terminate()));
  }

  #start(): SandboxThread {
    this.#options.onEvent({ kind: 'sandbox-started', sandbox: 'thread' });
    return new SandboxThread();
  }

  /** One whose next instance is of the component; otherwise the one that was used longest ago. */
  #take(component: Sha256): SandboxThread | undefined {
    const live = this.#idle.filter(({ thread }) => !thread.ended);
    for (let dead = this.#idle.length - live.length; dead > 0; dead -= 1) this.#tellStopped();
    const found = live.findLast(({ thread }) => thread.lastComponent === component) ?? live[0];
    this.#idle = live.filter((idle) => idle !== found);
    return found?.thread;
  }

  #keep(thread: SandboxThread): void {
    if (thread.ended) this.#tellStopped();
    else if (thread.engines > maxEnginesPerThread || this.#options.size === 0) this.#end(thread);
    else this.#idle = [...this.#idle, { thread, sinceMs: performance.now() }];
    this.#planShrinking();
  }

  #tellStopped(): void {
    this.#options.onEvent({ kind: 'sandbox-ended', sandbox: 'thread', reason: 'stopped' });
  }

  #planShrinking(): void {
    if (this.#idle.length <= this.#options.size) return;
    this.#shrink ??= setTimeout(() => this.#endIdle(), burstMs).unref();
  }

  #endIdle(): void {
    this.#shrink = undefined;
    const before = performance.now() - burstMs;
    const spare = this.#idle.slice(0, this.#idle.length - this.#options.size);
    const old = spare.filter(({ sinceMs }) => sinceMs <= before);
    this.#idle = this.#idle.filter((idle) => !old.includes(idle));
    for (const { thread } of old) this.#end(thread);
    this.#planShrinking();
  }

  #end(thread: SandboxThread): void {
    this.#options.onEvent({ kind: 'sandbox-ended', sandbox: 'thread', reason: 'evicted' });
    void thread.terminate();
  }
}
