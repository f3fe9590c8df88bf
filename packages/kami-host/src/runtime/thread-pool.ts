import type { Sha256 } from '../model/ids.ts';
import { SandboxThread } from '../sandbox/sandbox-thread.ts';

/** A thread keeps the glue of every component it served; past this many it makes room for a new thread. */
const maxComponentsPerThread = 8;

/** Keeps threads that have nothing to do for the next call, those that know its component first. */
export class ThreadPool {
  readonly #size: number;
  readonly #idle: SandboxThread[] = [];
  readonly #busy = new Set<SandboxThread>();

  /** @param size idle threads to keep */
  constructor(size: number) {
    this.#size = size;
  }

  /** Lends a thread to one piece of work; one that did not survive it is not kept. */
  async use<T>(component: Sha256, work: (thread: SandboxThread) => Promise<T>): Promise<T> {
    const thread = this.#take(component) ?? new SandboxThread();
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
    if (this.#size > 0 && this.#idle.length === 0) this.#idle.push(new SandboxThread());
  }

  /** Ends all threads, busy ones too. */
  async close(): Promise<void> {
    const threads = [...this.#idle.splice(0), ...this.#busy];
    await Promise.all(threads.map((thread) => thread.terminate()));
  }

  #take(component: Sha256): SandboxThread | undefined {
    const knowing = this.#idle.findLastIndex((thread) => thread.components.has(component));
    const [thread] = this.#idle.splice(knowing, 1);
    // An idle thread may have died since it was put back.
    return thread?.ended === true ? undefined : thread;
  }

  #keep(thread: SandboxThread): void {
    if (thread.ended) return;
    if (thread.components.size >= maxComponentsPerThread) void thread.terminate();
    else this.#idle.push(thread);
    while (this.#idle.length > this.#size) void this.#idle.shift()?.terminate();
  }
}
