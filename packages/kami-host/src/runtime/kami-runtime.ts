import { type ComponentOrigin, ComponentStore } from '../component/component-store.ts';
import { InvalidDescription, maxDescribeBytes, parseToolDescription } from '../component/tool-description.ts';
import { isKamiError, KamiError } from '../errors/kami-error.ts';
import type { CallOutcome, CallResult } from '../model/call-result.ts';
import type { OfferInterface } from '../model/contract.ts';
import type { Isolation } from '../model/isolation.ts';
import type { Json } from '../model/json.ts';
import { defaultLimits, type Limits } from '../model/limits.ts';
import type { LogLine } from '../model/log-line.ts';
import { hidesNothing, type Redactor } from '../model/redactor.ts';
import type { ToolDescription } from '../model/tool.ts';
import { bareAnswer } from '../sandbox/answer.ts';
import { closeServices } from '../sandbox/host-call/dispatcher.ts';
import { blindGuest, type Operation, type WorkerAnswer } from '../sandbox/protocol.ts';
import { failure } from '../sandbox/result-text.ts';
import { type RefusalList, surroundCall } from './call-services.ts';
import { type CallableTool, describedCall } from './callable-tool.ts';
import { CellExecutor } from './cell-executor.ts';
import type { Caller } from './client-service.ts';
import { EventCounter, type EventSink, type RuntimeCounters } from './events.ts';
import type { Execution, Executor } from './executor.ts';
import { jointSignal } from './joint-signal.ts';
import type { LaneName } from './lanes.ts';
import { RateLimiter } from './rate-limiter.ts';
import { Scheduler, shuttingDown } from './scheduler.ts';
import { shareTurn } from './share-turn.ts';
import { ThreadExecutor } from './thread-executor.ts';

export interface RuntimeOptions {
  readonly isolation: Isolation;
  /** Folder for runnable forms of components; its content is derived and may be deleted at any time. */
  readonly cacheDirectory: string;
  /** Forms that are kept there, the newest; all unless given. */
  readonly keepForms?: number;
  /** Calls that have begun and not ended. */
  readonly maxConcurrent: number;
  /** Those of them that compute. */
  readonly maxComputing: number;
  /** Calls of one tool that wait at the same time; more are refused. */
  readonly maxQueued: number;
  /** Calls of all tools together in any minute. */
  readonly callsPerMinute: number;
  /** Idle worker threads that are kept, in each process. */
  readonly poolSize: number;
  /** Processes of the isolation `cell`. */
  readonly maxCells: number;
  /** Compiled components that are kept, in each process. */
  readonly cacheSize: number;
  readonly onEvent?: EventSink;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Who calls: calls of different clients take turns. */
  readonly client?: string;
  /** Takes what the tool logs while it runs. */
  readonly onLog?: (line: LogLine) => void;
  /** Whom the tool tells how far it is, and asks; nobody unless given. */
  readonly caller?: Caller;
}

/** A function of what a tool offers beside itself, with what it is given. */
export interface OfferCall {
  readonly offer: OfferInterface;
  readonly method: string;
  readonly texts: readonly string[];
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
  readonly #isolation: Isolation;
  readonly #counter = new EventCounter();
  readonly #onEvent: EventSink;
  readonly #stop = new AbortController();

  constructor(options: RuntimeOptions) {
    this.#store = new ComponentStore(options.cacheDirectory, options.keepForms);
    this.#scheduler = new Scheduler(options);
    this.#isolation = options.isolation;
    this.#onEvent = (event) => {
      this.#counter.add(event);
      try {
        options.onEvent?.(event);
      } catch {
        // Who listens can't end a call.
      }
    };
    this.#executor = createExecutor(options, this.#store, this.#onEvent);
    this.#callsPerMinute = options.callsPerMinute;
  }

  /**
   * Calls a tool with arguments that are checked against its input schema first.
   * @throws KamiError `KAMI_BUSY`, `KAMI_SHUTTING_DOWN`, `KAMI_STORE_DAMAGED`, `KAMI_COMPONENT_…` when the component can't be
   *   prepared; the signal's reason when it is aborted
   */
  async call(tool: CallableTool, input: Json, options: CallOptions = {}): Promise<CallResult> {
    const { inputSchema, outputSchema, convention } = tool;
    const text = inputText(input, tool.policy.limits);
    if (typeof text !== 'string') return untimed(text);
    return this.#run(tool, { kind: 'run', input: text, inputSchema, outputSchema, convention }, options);
  }

  /**
   * Calls what a tool offers beside itself; the text that it answers with is the only content.
   * @throws KamiError as `call`
   */
  async consult(tool: CallableTool, asked: OfferCall, options: CallOptions = {}): Promise<CallResult> {
    const bytes = asked.texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    const { maxInputBytes } = tool.policy.limits;
    if (bytes > maxInputBytes) return untimed(inputTooLarge(maxInputBytes));
    return this.#run(tool, { kind: 'offer', ...asked }, options);
  }

  async #run(
    tool: CallableTool,
    operation: Operation,
    { signal, client: from = localClient, onLog = () => {}, caller = {} }: CallOptions,
  ): Promise<CallResult> {
    const { origin, domain, policy, notes } = tool;
    const busy = this.#tooOften(tool.name, policy.limits);
    if (busy !== undefined) return untimed(busy);

    const { services, guest, client, redact, refusals, unsetSecrets } = await surroundCall(tool, caller);
    for (const name of unsetSecrets) onLog({ level: 'warn', message: unsetSecret(name, tool.name) });
    const result = await this.#perform({
      ...{ origin, domain, limits: policy.limits, guest, services },
      operation,
      signal,
      lane: { client: from, tool: tool.name },
      onLog: ({ level, message }) => onLog({ level, message: redact(message) }),
    });
    const all = redacted(joinRefusals(refusals, result.refusals), redact);
    for (const refusal of all) notes.onRefusal(refusal);
    const outcome: CallResult['outcome'] =
      client.open.length > 0 ? { status: 'input-required', requests: client.open } : result.outcome;
    return { ...result, outcome: redacted(outcome, redact), refusals: all };
  }

  /**
   * Asks a component what it is, in the sandbox, with nothing granted.
   * @throws KamiError `KAMI_COMPONENT_DESCRIBE_FAILED` and as `call`
   */
  async describe(origin: ComponentOrigin): Promise<ToolDescription> {
    const limits: Limits = { ...defaultLimits, maxOutputBytes: maxDescribeBytes };
    try {
      const { outcome } = await this.#ask(origin, { kind: 'describe' }, limits);
      const description = readDescription(outcome, origin.source);
      const { inputSchema, outputSchema } = describedCall(description);
      const check = await this.#ask(origin, { kind: 'check-schemas', inputSchema, outputSchema }, limits);
      if (check.outcome.status === 'failure') throw describeFailed(origin.source, check.outcome.message);
      return description;
    } finally {
      // It ran by itself, and nothing will again.
      this.#executor.dismiss(origin.key);
    }
  }

  /** What happened so far, in sums. */
  counters(): RuntimeCounters {
    return this.#counter.read();
  }

  /**
   * Makes ready what the first call would wait for: a process and a thread, and the engine of the component that was
   * installed last: in a cell beside whatever else goes on, in this process when there is time for that.
   */
  async warmUp(): Promise<void> {
    this.#executor.warmUp();
    const usual = await this.#store.newestEngine();
    if (usual === undefined) return;
    if (this.#isolation === 'cell') this.#executor.preload(usual);
    else setTimeout(() => this.#executor.preload(usual), idleMs).unref();
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

  #ask(origin: ComponentOrigin, operation: Operation, limits: Limits): Promise<Performed> {
    const surroundings = { guest: blindGuest, services: {}, onLog: () => {}, signal: undefined };
    const lane = { client: localClient, tool: origin.source };
    return this.#perform({ origin, operation, limits, domain: origin.key, lane, ...surroundings });
  }

  /** Runs an operation when its turn comes. Its time limit counts from now. */
  async #perform({ lane, signal: cancel, ...asked }: Asked): Promise<Performed> {
    const { tool } = lane;
    const { timeoutMs } = asked.limits;
    const { signal, release } = jointSignal(this.#stop.signal, ...(cancel === undefined ? [] : [cancel]));
    let hasBegun = false;
    try {
      return await this.#scheduler.run(
        async (place) => {
          hasBegun = true;
          this.#onEvent({ kind: 'call-begun', tool, waitedMs: place.waitedMs });
          const start = performance.now();
          const services = shareTurn(asked.services, place);
          const timeLeftMs = Math.max(1, timeoutMs - place.waitedMs);
          const execution = { ...asked, signal, timeLeftMs, services };
          const answer = await this.#executor.execute(execution).finally(() => closeServices(services));
          const durationMs = Math.round((performance.now() - start) * 100) / 100;
          this.#onEvent({ kind: 'call-ended', tool, durationMs, ...ending(answer) });
          return { ...answer, durationMs };
        },
        { signal, lane, patienceMs: timeoutMs },
      );
    } catch (error) {
      const { aborted } = signal;
      if (!hasBegun) {
        await closeServices(asked.services);
        const reason = aborted ? 'cancelled' : reasonOf(error);
        this.#onEvent({ kind: 'call-refused', tool, reason });
      } else {
        const outcome = aborted ? 'cancelled' : 'error';
        this.#onEvent({ kind: 'call-ended', tool, outcome, durationMs: 0, spent: undefined });
      }
      throw error;
    } finally {
      release();
    }
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

const localClient = 'local';
/** A client that has something to ask has done so by then. */
const idleMs = 300;

/** An execution that has not got its turn yet. */
type Asked = Omit<Execution, 'timeLeftMs' | 'signal'> & {
  readonly lane: LaneName;
  readonly signal: AbortSignal | undefined;
};

/** What was performed, and how long it took, ms. */
type Performed = WorkerAnswer & Pick<CallResult, 'durationMs'>;

function ending({ outcome, spent }: WorkerAnswer) {
  return { outcome: outcome.status === 'success' ? outcome.status : outcome.reason, spent } as const;
}

function reasonOf(error: unknown): string {
  return isKamiError(error) ? error.code : String(error);
}

function createExecutor(options: RuntimeOptions, store: ComponentStore, onEvent: EventSink): Executor {
  const { isolation, poolSize, cacheSize, maxCells, cacheDirectory } = options;
  return isolation === 'thread'
    ? new ThreadExecutor(store, { poolSize, cacheSize, onEvent })
    : new CellExecutor({
        store,
        formsFolder: cacheDirectory,
        poolSize,
        cacheSize,
        maxCells,
        onEvent,
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
  return Buffer.byteLength(text) > maxInputBytes ? inputTooLarge(maxInputBytes) : text;
}

function inputTooLarge(maxInputBytes: number): CallOutcome {
  return failure('invalid-input', `The arguments have more than the ${maxInputBytes} bytes a tool takes.`);
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
