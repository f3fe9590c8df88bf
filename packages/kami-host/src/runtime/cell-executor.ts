import { mkdirSync } from 'node:fs';
import type { ComponentStore } from '../component/component-store.ts';
import { type EngineParts, engineOf } from '../component/engine-cache.ts';
import { bareAnswer } from '../sandbox/answer.ts';
import type { WorkerAnswer } from '../sandbox/protocol.ts';
import { failure } from '../sandbox/result-text.ts';
import { CrashBreaker } from './cell/breaker.ts';
import { Cell, type CellOptions, damaged } from './cell/cell.ts';
import type { EventSink } from './events.ts';
import type { Execution, Executor } from './executor.ts';

export interface CellExecutorOptions extends Omit<CellOptions, 'onEnd' | 'onStart'> {
  readonly store: Pick<ComponentStore, 'prepare' | 'renew' | 'keepStart'>;
  /** Cells that may live at the same time; idle ones make room for those that are needed. */
  readonly maxCells: number;
  readonly onEvent: EventSink;
}

/**
 * Runs components in child processes, one or more executions of the same domain in each. A cell is made ready
 * ahead, without a domain, so that the first call of a tool does not wait for a process to start.
 */
export class CellExecutor implements Executor {
  readonly #options: CellExecutorOptions;
  /** By domain, in the order of last use, the oldest first. */
  readonly #cells = new Map<string, Cell>();
  readonly #breaker = new CrashBreaker();
  #spare: Cell | undefined;
  /** The engine that ran last: the next domain's tool will be of the same. */
  #usual: EngineParts | undefined;
  #closed = false;

  constructor(options: CellExecutorOptions) {
    this.#options = options;
    // Node's permission model takes a path that is not there for a file, and would hide what is later in the folder.
    mkdirSync(options.formsFolder, { recursive: true, mode: 0o700 });
  }

  warmUp(): void {
    if (!this.#closed && this.#spare?.ended !== false) this.#spare = this.#start();
  }

  async execute(execution: Execution): Promise<WorkerAnswer> {
    const { origin, signal } = execution;
    const open = this.#breaker.refusal(origin.key);
    if (open !== undefined) return bareAnswer(failure('crash', open));

    // A new process starts up while the form is looked for, or made.
    if (this.#cells.get(execution.domain)?.ended !== false) this.warmUp();
    const { store } = this.#options;
    const form = await store.prepare(origin);
    signal.throwIfAborted();
    this.#usual = engineOf(form);
    let answer = await this.#cell(execution.domain).execute(form, execution);
    for (let renewals = 0; answer === damaged && renewals < maxRenewals; renewals += 1)
      answer = await this.#cell(execution.domain).execute(await store.renew(origin), execution);
    if (answer === damaged) throw new Error(`the form of ${origin.key} was damaged as it was written`);
    if (answer.outcome.status === 'failure' && answer.outcome.reason === 'crash')
      this.#breaker.crashed(origin.key);
    else this.#breaker.answered(origin.key);
    return answer;
  }

  preload(engine: EngineParts): void {
    this.#usual ??= engine;
    this.#spare?.preload(this.#usual);
  }

  dismiss(domain: string): void {
    const cell = this.#cells.get(domain);
    if (cell === undefined || cell.running > 0) return;
    this.#cells.delete(domain);
    cell.kill();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const cells = [...this.#cells.values(), ...(this.#spare === undefined ? [] : [this.#spare])];
    await Promise.all(cells.map((cell) => cell.close()));
  }

  #cell(domain: string): Cell {
    const known = this.#cells.get(domain);
    this.#cells.delete(domain);
    const cell = known === undefined || known.ended ? this.#fresh() : known;
    this.#cells.set(domain, cell);
    this.#evict();
    return cell;
  }

  #fresh(): Cell {
    const spare = this.#spare;
    this.#spare = undefined;
    // Not at once: the next process would take the processor from the call that needs this one.
    setTimeout(() => this.warmUp(), spareAfterMs).unref();
    return spare === undefined || spare.ended ? this.#start() : spare;
  }

  #start(): Cell {
    const { onEvent, store } = this.#options;
    onEvent({ kind: 'sandbox-started', sandbox: 'cell' });
    const cell = new Cell({
      ...this.#options,
      onEnd: (reason) => onEvent({ kind: 'sandbox-ended', sandbox: 'cell', reason }),
      // It can be found out again: that it can't be kept is nobody's failure.
      onStart: (key, start) => store.keepStart(key, start).catch(() => {}),
    });
    if (this.#usual !== undefined) cell.preload(this.#usual);
    return cell;
  }

  #evict(): void {
    for (const [domain, cell] of this.#cells) {
      if (this.#cells.size <= this.#options.maxCells) return;
      if (cell.running > 0) continue;
      this.#cells.delete(domain);
      cell.kill();
    }
  }
}

const spareAfterMs = 200;
/** Somebody may empty the store again while a form is made anew. */
const maxRenewals = 3;
