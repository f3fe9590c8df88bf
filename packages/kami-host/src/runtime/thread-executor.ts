import type { ComponentStore } from '../component/component-store.ts';
import type { EngineParts } from '../component/engine-cache.ts';
import { packStart } from '../component/packed-start.ts';
import { type StartState, withStart } from '../model/compiled-component.ts';
import type { Sha256 } from '../model/ids.ts';
import { HostDispatcher } from '../sandbox/host-call/dispatcher.ts';
import type { WorkerAnswer } from '../sandbox/protocol.ts';
import { ComponentCache } from './component-cache.ts';
import type { EventSink } from './events.ts';
import type { Execution, Executor } from './executor.ts';
import { ThreadPool } from './thread-pool.ts';

export interface ThreadExecutorOptions {
  readonly poolSize: number;
  readonly cacheSize: number;
  readonly onEvent: EventSink;
}

/** What compiles components, and keeps what is found out about them. */
export type ComponentSource = Pick<ComponentStore, 'load' | 'compileEngine' | 'keepStart'>;

/** Runs components in worker threads of this process. What aborts V8 aborts the process: cells stand around it. */
export class ThreadExecutor implements Executor {
  readonly #source: ComponentSource;
  readonly #components: ComponentCache;
  readonly #threads: ThreadPool;

  constructor(source: ComponentSource, { poolSize, cacheSize, onEvent }: ThreadExecutorOptions) {
    this.#source = source;
    this.#components = new ComponentCache(source, cacheSize, () => onEvent({ kind: 'component-evicted' }));
    this.#threads = new ThreadPool({ size: poolSize, onEvent });
  }

  async execute({
    origin,
    operation,
    limits,
    timeLeftMs,
    guest,
    services,
    signal,
    onLog,
  }: Execution): Promise<WorkerAnswer> {
    // The thread comes first: a new one starts up while the component is read and compiled.
    return this.#threads.use(origin.key, async (thread) => {
      const start = performance.now();
      const { component, wasKept } = await this.#components.get(origin);
      const loadMs = wasKept ? 0 : performance.now() - start;
      const host = new HostDispatcher(services, (reply) => thread.reply(reply));
      let kept: Promise<void> | undefined;
      try {
        const request = { component, operation, limits, timeLeftMs, guest };
        const answer = await thread.call({
          request,
          signal,
          onLog,
          onHostRequest: (asked) => void host.dispatch(asked),
          onStartState: (start) => {
            this.#components.replace(withStart(component, start));
            kept = this.#keepStart(origin.key, start);
          },
        });
        // It happens once for a form, and the process may end with this call: then it would happen again.
        await kept;
        return answer.spent === undefined ? answer : { ...answer, spent: { ...answer.spent, loadMs } };
      } finally {
        host.end();
      }
    });
  }

  warmUp(): void {
    this.#threads.warmUp();
  }

  preload(engine: EngineParts): void {
    void this.#source.compileEngine(engine).catch(() => {});
  }

  dismiss(): void {}

  async close(): Promise<void> {
    await this.#threads.close();
  }

  /** It can be found out again: that it can't be kept is nobody's failure. */
  #keepStart(key: Sha256, start: StartState | 'delivered'): Promise<void> {
    return packStart(start)
      .then((packed) => this.#source.keepStart(key, packed))
      .catch(() => {});
  }
}
