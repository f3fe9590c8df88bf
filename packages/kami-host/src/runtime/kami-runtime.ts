import { type ComponentOrigin, ComponentStore } from '../component/component-store.ts';
import { InvalidDescription, maxDescribeBytes, parseToolDescription } from '../component/tool-description.ts';
import { KamiError } from '../errors/kami-error.ts';
import type { CallOutcome, CallResult } from '../model/call-result.ts';
import type { Json } from '../model/json.ts';
import { defaultLimits, type Limits } from '../model/limits.ts';
import type { LogLine } from '../model/log-line.ts';
import type { ToolDescription } from '../model/tool.ts';
import type { Operation } from '../sandbox/protocol.ts';
import { failure } from '../sandbox/result-text.ts';
import { type CallableTool, callableTool } from './callable-tool.ts';
import { CellExecutor } from './cell-executor.ts';
import type { Executor } from './executor.ts';
import { Scheduler, shuttingDown } from './scheduler.ts';
import { ThreadExecutor } from './thread-executor.ts';

export interface RuntimeOptions {
  /**
   * `cell`: guests run in child processes, so that one that brings V8 down takes only its own process along.
   * `thread`: they run in threads of this process, for embedding and debugging.
   */
  readonly isolation: 'cell' | 'thread';
  /** Folder for runnable forms of components; its content is derived and may be deleted at any time. */
  readonly cacheDirectory: string;
  /** Forms that are kept there, the newest; all unless given. */
  readonly keepForms?: number;
  /** Calls that run at the same time. */
  readonly maxConcurrent: number;
  /** Idle worker threads that are kept. */
  readonly poolSize: number;
  /** Compiled components that are kept. */
  readonly cacheSize: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Takes what the tool logs while it runs. */
  readonly onLog?: (line: LogLine) => void;
}

/**
 * Runs components: resolve → schedule → execute. Every call gets a fresh instance in a worker thread and its own
 * limits; how a tool ends is a result, and only a failure of KAMI itself is thrown.
 */
export class KamiRuntime {
  readonly #scheduler: Scheduler;
  readonly #executor: Executor;
  readonly #store: ComponentStore;
  readonly #stop = new AbortController();

  constructor(options: RuntimeOptions) {
    this.#store = new ComponentStore(options.cacheDirectory, options.keepForms);
    this.#scheduler = new Scheduler(options.maxConcurrent);
    this.#executor = createExecutor(options, this.#store);
  }

  /**
   * Calls a tool with arguments that are checked against its input schema first.
   * @throws KamiError `KAMI_SHUTTING_DOWN`, `KAMI_STORE_DAMAGED`, `KAMI_COMPONENT_…` when the component can't be
   *   prepared; the signal's reason when it is aborted
   */
  async call(tool: CallableTool, input: Json, { signal, onLog }: CallOptions = {}): Promise<CallResult> {
    const text = inputText(input, tool.limits);
    if (typeof text !== 'string') return { outcome: text, durationMs: 0, memoryPeakBytes: 0, refusals: [] };
    const { inputSchema, outputSchema, convention } = tool;
    const operation: Operation = { kind: 'run', input: text, inputSchema, outputSchema, convention };
    return this.#perform(tool.origin, operation, tool.limits, onLog, signal);
  }

  /**
   * Asks a component what it is, in the sandbox.
   * @throws KamiError `KAMI_COMPONENT_DESCRIBE_FAILED` and as `call`
   */
  async describe(origin: ComponentOrigin): Promise<ToolDescription> {
    const limits: Limits = { ...defaultLimits, maxOutputBytes: maxDescribeBytes };
    const { outcome } = await this.#perform(origin, { kind: 'describe' }, limits);
    const description = readDescription(outcome, origin.source);
    const { inputSchema, outputSchema } = callableTool(origin, description, limits);
    const check = await this.#perform(origin, { kind: 'check-schemas', inputSchema, outputSchema }, limits);
    if (check.outcome.status === 'failure') throw describeFailed(origin.source, check.outcome.message);
    return description;
  }

  /** Forgets what was derived from a component that is no longer installed. */
  async forget(key: ComponentOrigin['key']): Promise<void> {
    await this.#store.remove(key);
  }

  /**
   * Refuses new calls and ends all threads.
   * @param running `finish` lets the calls that run come to their end first, `stop` ends them at once
   */
  async close(running: 'finish' | 'stop' = 'finish'): Promise<void> {
    if (running === 'stop') this.#stop.abort(shuttingDown());
    await this.#scheduler.close();
    await this.#executor.close();
  }

  async #perform(
    origin: ComponentOrigin,
    operation: Operation,
    limits: Limits,
    onLog: (line: LogLine) => void = () => {},
    callerSignal?: AbortSignal,
  ): Promise<CallResult> {
    const stop = this.#stop.signal;
    const signal = callerSignal === undefined ? stop : AbortSignal.any([callerSignal, stop]);
    return this.#scheduler.run(async () => {
      const start = performance.now();
      const execution = { origin, operation, limits, domain: origin.source, services: {}, signal, onLog };
      const answer = await this.#executor.execute(execution);
      return { ...answer, durationMs: Math.round((performance.now() - start) * 100) / 100 };
    }, signal);
  }
}

function createExecutor(options: RuntimeOptions, store: ComponentStore): Executor {
  const { isolation, poolSize, cacheSize, maxConcurrent, cacheDirectory } = options;
  return isolation === 'thread'
    ? new ThreadExecutor((origin) => store.load(origin), { poolSize, cacheSize })
    : new CellExecutor({
        store,
        formsFolder: cacheDirectory,
        poolSize,
        cacheSize,
        maxCells: Math.max(8, maxConcurrent * 2),
      });
}

/** The arguments as the JSON text that crosses into the sandbox, or why they can't. */
function inputText(input: Json, { maxInputBytes }: Limits): string | CallOutcome {
  let text: string;
  try {
    text = JSON.stringify(input);
  } catch {
    return failure('invalid-input', 'The arguments are nested too deeply.');
  }
  return Buffer.byteLength(text) > maxInputBytes
    ? failure('invalid-input', `The arguments have more than the ${maxInputBytes} bytes a tool takes.`)
    : text;
}

function readDescription(outcome: CallOutcome, source: string): ToolDescription {
  if (outcome.status === 'failure') throw describeFailed(source, outcome.message);
  const [block] = outcome.content;
  try {
    return parseToolDescription(block?.type === 'text' ? block.text : '');
  } catch (cause) {
    if (!(cause instanceof InvalidDescription)) throw cause;
    throw describeFailed(source, `${cause.message}.`, cause);
  }
}

function describeFailed(source: string, detail: string, cause?: unknown): KamiError {
  return new KamiError('KAMI_COMPONENT_DESCRIBE_FAILED', {
    message: `${source} can't say what it is (its describe() was called in the sandbox): ${detail}`,
    fix: 'Correct the tool and build it again; describe() runs like a call, with its limits and without any permission.',
    cause,
  });
}
