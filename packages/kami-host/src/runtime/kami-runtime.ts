import { type ComponentOrigin, ComponentStore } from '../component/component-store.ts';
import { InvalidDescription, maxDescribeBytes, parseToolDescription } from '../component/tool-description.ts';
import { KamiError } from '../errors/kami-error.ts';
import type { CallOutcome, CallResult } from '../model/call-result.ts';
import type { Isolation } from '../model/isolation.ts';
import type { Json } from '../model/json.ts';
import { defaultLimits, type Limits } from '../model/limits.ts';
import type { LogLine } from '../model/log-line.ts';
import { hidesNothing, type Redactor } from '../model/redactor.ts';
import type { ToolDescription } from '../model/tool.ts';
import { bareAnswer } from '../sandbox/answer.ts';
import { blindGuest, type Operation, type WorkerAnswer } from '../sandbox/protocol.ts';
import { failure } from '../sandbox/result-text.ts';
import { type RefusalList, surroundCall } from './call-services.ts';
import { type CallableTool, describedCall } from './callable-tool.ts';
import { CellExecutor } from './cell-executor.ts';
import type { Execution, Executor } from './executor.ts';
import { RateLimiter } from './rate-limiter.ts';
import { Scheduler, shuttingDown } from './scheduler.ts';
import { ThreadExecutor } from './thread-executor.ts';

export interface RuntimeOptions {
  readonly isolation: Isolation;
  /** Folder for runnable forms of components; its content is derived and may be deleted at any time. */
  readonly cacheDirectory: string;
  /** Forms that are kept there, the newest; all unless given. */
  readonly keepForms?: number;
  /** Calls that run at the same time. */
  readonly maxConcurrent: number;
  /** Calls of one tool that wait at the same time; more are refused. */
  readonly maxQueued: number;
  /** Calls of all tools together in any minute. */
  readonly callsPerMinute: number;
  /** Idle worker threads that are kept, in each process. */
  readonly poolSize: number;
  /** Compiled components that are kept, in each process. */
  readonly cacheSize: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Takes what the tool logs while it runs. */
  readonly onLog?: (line: LogLine) => void;
}

/**
 * Runs components: resolve → schedule → execute. Every call gets a fresh instance, its own limits, and exactly
 * what its policy grants; how a tool ends is a result, and only a failure of KAMI itself is thrown.
 */
export class KamiRuntime {
  readonly #scheduler: Scheduler;
  readonly #executor: Executor;
  readonly #store: ComponentStore;
  readonly #rates = new RateLimiter();
  readonly #callsPerMinute: number;
  readonly #stop = new AbortController();

  constructor(options: RuntimeOptions) {
    this.#store = new ComponentStore(options.cacheDirectory, options.keepForms);
    this.#scheduler = new Scheduler(options);
    this.#executor = createExecutor(options, this.#store);
    this.#callsPerMinute = options.callsPerMinute;
  }

  /**
   * Calls a tool with arguments that are checked against its input schema first.
   * @throws KamiError `KAMI_BUSY`, `KAMI_SHUTTING_DOWN`, `KAMI_STORE_DAMAGED`, `KAMI_COMPONENT_…` when the component can't be
   *   prepared; the signal's reason when it is aborted
   */
  async call(
    tool: CallableTool,
    input: Json,
    { signal, onLog = () => {} }: CallOptions = {},
  ): Promise<CallResult> {
    const { origin, domain, policy, notes, inputSchema, outputSchema, convention } = tool;
    const text = inputText(input, policy.limits);
    if (typeof text !== 'string') return untimed(text);
    const busy = this.#tooOften(tool.name, policy.limits);
    if (busy !== undefined) return untimed(busy);

    const { services, guest, redact, refusals, unsetSecrets } = surroundCall(tool);
    for (const name of unsetSecrets) onLog({ level: 'warn', message: unsetSecret(name, tool.name) });
    const result = await this.#perform({
      ...{ origin, domain, limits: policy.limits, guest, services },
      operation: { kind: 'run', input: text, inputSchema, outputSchema, convention },
      signal: this.#untilStopped(signal),
      onLog: ({ level, message }) => onLog({ level, message: redact(message) }),
    });
    const all = redacted(joinRefusals(refusals, result.refusals), redact);
    for (const refusal of all) notes.onRefusal(refusal);
    return { ...result, outcome: redacted(result.outcome, redact), refusals: all };
  }

  /**
   * Asks a component what it is, in the sandbox, with nothing granted.
   * @throws KamiError `KAMI_COMPONENT_DESCRIBE_FAILED` and as `call`
   */
  async describe(origin: ComponentOrigin): Promise<ToolDescription> {
    const limits: Limits = { ...defaultLimits, maxOutputBytes: maxDescribeBytes };
    const { outcome } = await this.#ask(origin, { kind: 'describe' }, limits);
    const description = readDescription(outcome, origin.source);
    const { inputSchema, outputSchema } = describedCall(description);
    const check = await this.#ask(origin, { kind: 'check-schemas', inputSchema, outputSchema }, limits);
    if (check.outcome.status === 'failure') throw describeFailed(origin.source, check.outcome.message);
    return description;
  }

  /** Makes ready what the first call would wait for: a process and a thread, but no component. */
  warmUp(): void {
    this.#executor.warmUp();
  }

  /** Forgets what was derived from a component that is no longer installed. */
  async forget(key: ComponentOrigin['key']): Promise<void> {
    await this.#store.remove(key);
  }

  /**
   * Refuses new calls and ends all threads and processes.
   * @param running `finish` lets the calls that run come to their end first, `stop` ends them at once
   */
  async close(running: 'finish' | 'stop' = 'finish'): Promise<void> {
    if (running === 'stop') this.#stop.abort(shuttingDown());
    await this.#scheduler.close();
    await this.#executor.close();
  }

  #ask(origin: ComponentOrigin, operation: Operation, limits: Limits): Promise<CallResult> {
    const surroundings = { guest: blindGuest, services: {}, onLog: () => {}, signal: this.#untilStopped() };
    return this.#perform({ origin, operation, limits, domain: origin.key, ...surroundings });
  }

  #perform(execution: Execution): Promise<CallResult> {
    return this.#scheduler.run(
      async () => {
        const start = performance.now();
        const answer = await this.#executor.execute(execution);
        return { ...answer, durationMs: Math.round((performance.now() - start) * 100) / 100 };
      },
      { signal: execution.signal, lane: execution.origin.key },
    );
  }

  #untilStopped(signal?: AbortSignal): AbortSignal {
    return signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal]);
  }

  #tooOften(name: string, { callsPerMinute }: Limits): CallOutcome | undefined {
    const waitMs =
      this.#rates.take(`tool ${name}`, callsPerMinute) || this.#rates.take('all', this.#callsPerMinute);
    return waitMs === 0
      ? undefined
      : failure(
          'rate-limited',
          `The tool was called too often. Call it again in ${Math.ceil(waitMs / 1000)} s.`,
        );
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
        maxCells: maxConcurrent * 2,
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

function unsetSecret(name: string, tool: string): string {
  return `The secret ${name} is not set, so the credential that needs it is not sent: kami secret set ${tool} ${name}`;
}

function untimed(outcome: CallOutcome): CallResult {
  return { ...bareAnswer(outcome), durationMs: 0 };
}

function joinRefusals(refusals: RefusalList, told: WorkerAnswer['refusals']): CallResult['refusals'] {
  // The worker notes what it refused by itself; what the host refused it may have noted too.
  for (const { capability, subject, count } of told) {
    if (!refusals.has(capability, subject)) refusals.add(capability, subject, count);
  }
  return refusals.list();
}

/** The same value with the secrets in all its texts hidden, keys included. */
function redacted<T>(value: T, redact: Redactor): T {
  return redact === hidesNothing ? value : (redactTexts(value, redact) as T);
}

function redactTexts(value: unknown, redact: Redactor): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((item) => redactTexts(item, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [redact(key), redactTexts(item, redact)]),
  );
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
