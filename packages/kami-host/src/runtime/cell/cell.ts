import type { ChildProcess } from 'node:child_process';
import type { EngineParts } from '../../component/engine-cache.ts';
import type { StoredForm } from '../../component/form-record.ts';
import type { PackedStart } from '../../component/packed-start.ts';
import type { Sha256 } from '../../model/ids.ts';
import type { LogLine } from '../../model/log-line.ts';
import { forkConfined, watchMemory } from '../../process/confined-process.ts';
import { bareAnswer } from '../../sandbox/answer.ts';
import { HostDispatcher } from '../../sandbox/host-call/dispatcher.ts';
import type { WorkerAnswer } from '../../sandbox/protocol.ts';
import { failure } from '../../sandbox/result-text.ts';
import type { Execution } from '../executor.ts';
import { type CellRequest, parseCellMessage } from './protocol.ts';

export interface CellOptions {
  /** Folder with the runnable forms, the only data a cell may read. */
  readonly formsFolder: string;
  /** Idle threads a cell keeps. */
  readonly poolSize: number;
  readonly cacheSize: number;
  /** Told once, when the process has ended: why, if KAMI ended it. */
  readonly onEnd?: (reason: CellEnd) => void;
  /** Takes what calls of a component were found to begin with. */
  readonly onStart: (key: Sha256, start: PackedStart) => Promise<void>;
}

/** `stopped`: one of its calls had to be; `evicted`: it was of no more use; `crashed`: nobody asked it to. */
export type CellEnd = 'crashed' | 'stopped' | 'evicted';

/** The cell's own timer stops a call first; this long after it the whole cell is killed. */
const killAfterMs = 500;
const watchRunningMs = 50;
const watchIdleMs = 1_000;
/** Longer than a thread is kept after a burst. */
const afterBurstMs = 30_000;
const stderrTail = 4_096;
const cellHeapMb = 512;
/** Memory of a cell's process beside that of its calls: Node, compiled engines, idle threads. */
const baseMemoryMb = 768;
/** What one call may take outside of its linear memory: the heap of its thread, values on their way. */
const memoryBesideMb = 320;

/** The component's files were not what they should be; nothing was run. */
export const damaged = Symbol('damaged');

interface Call {
  readonly execution: Execution;
  /** Log lines so far. */
  lines: number;
  readonly host: HostDispatcher;
  readonly settle: (answer: WorkerAnswer | typeof damaged) => void;
}

/** A child process that runs guests in worker threads. Its death is an answer to its own calls, and to no other. */
export class Cell {
  readonly #process: ChildProcess;
  readonly #calls = new Map<number, Call>();
  /** What the process knows, as it was sent. */
  readonly #forms = new Map<Sha256, StoredForm>();
  #lastCallId = 0;
  #ended = false;
  #killed: CellEnd | undefined;
  #watch: { readonly isRunning: boolean; readonly stop: () => void } | undefined;
  /** The most memory that calls of late were allowed together. */
  #peak = { megabytes: 0, at: 0 };
  readonly #onEnd: CellOptions['onEnd'];
  readonly #onStart: CellOptions['onStart'];
  /** What it found out, by component, until that is kept. */
  readonly #kept = new Map<Sha256, Promise<void>>();
  #stderr = '';

  constructor({ formsFolder, poolSize, cacheSize, onEnd, onStart }: CellOptions) {
    this.#onEnd = onEnd;
    this.#onStart = onStart;
    this.#process = forkConfined({
      module: 'runtime/cell/cell-main',
      args: [String(poolSize), String(cacheSize)],
      readable: [formsFolder],
      allowWorkers: true,
      heapMb: cellHeapMb,
    });
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-stderrTail);
    });
    this.#process.on('message', (message) => this.#receive(message));
    this.#process.once('exit', () => this.#onExit());
    this.#process.on('error', () => this.#onExit());
    this.#unref();
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Calls that run in it. */
  get running(): number {
    return this.#calls.size;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** The last of what the process wrote to stderr: V8 says there why it aborted. */
  get lastWords(): string {
    return this.#stderr;
  }

  /** Runs one operation. Rejects only with the signal's reason. */
  async execute(form: StoredForm, execution: Execution): Promise<WorkerAnswer | typeof damaged> {
    const { operation, limits, timeLeftMs, guest, services, signal } = execution;
    signal.throwIfAborted();
    if (this.#ended) return deathAnswer();
    const callId = ++this.#lastCallId;
    const { promise, resolve, reject } = Promise.withResolvers<WorkerAnswer | typeof damaged>();
    const host = new HostDispatcher(services, (reply) => this.#send({ kind: 'reply', callId, reply }));
    this.#calls.set(callId, { execution, host, settle: resolve, lines: 0 });
    const abort = () => {
      this.#send({ kind: 'cancel', callId });
      reject(signal.reason);
    };
    const backstop = setTimeout(
      () => {
        resolve(overdueAnswer(limits.timeoutMs));
        this.kill('stopped');
      },
      timeLeftMs + prepareMs + killAfterMs,
    );
    signal.addEventListener('abort', abort, { once: true });
    this.#ref();
    this.#watchMemory(true);
    this.#notePeak();
    try {
      const names = Object.keys(services) as (keyof typeof services)[];
      this.#send({
        kind: 'execute',
        callId,
        form: this.#toSend(form),
        operation,
        limits,
        timeLeftMs,
        guest,
        services: names,
      });
      const answer = await promise;
      // It was told before the answer, and the process may end with this call.
      await this.#kept.get(form.key);
      return answer;
    } finally {
      clearTimeout(backstop);
      signal.removeEventListener('abort', abort);
      this.#calls.delete(callId);
      if (this.#calls.size === 0) this.#rest();
      host.end();
    }
  }

  /** Has it compile what components of an engine have in common. */
  preload(engine: EngineParts): void {
    this.#send({ kind: 'preload', engine });
  }

  /** Ends the process at once; its calls are answered with a crash. */
  kill(reason: Exclude<CellEnd, 'crashed'> = 'evicted'): void {
    this.#killed ??= reason;
    this.#process.kill('SIGKILL');
  }

  /** Ends the process and answers its calls with the reason, which was theirs. */
  #killFor(reason: 'out-of-memory', message: string): void {
    for (const call of this.#calls.values()) {
      call.settle(bareAnswer(failure(reason, message)));
    }
    this.kill('stopped');
  }

  /** Nothing runs, and nobody waits for the process. */
  #rest(): void {
    this.#unref();
    this.#watchMemory(false);
  }

  /** Looks often while guests run, and now and then when none should. */
  #watchMemory(isRunning: boolean): void {
    if (this.#watch?.isRunning === isRunning || this.#ended) return;
    this.#watch?.stop();
    const stop = watchMemory(this.#process.pid ?? 0, {
      everyMs: isRunning ? watchRunningMs : watchIdleMs,
      limitBytes: () => {
        this.#notePeak();
        return (baseMemoryMb + this.#peak.megabytes) * 1024 * 1024;
      },
      onOver: () =>
        this.#killFor('out-of-memory', 'The tool took more memory than it may, outside of its own.'),
    });
    this.#watch = { isRunning, stop };
  }

  /** What ran at the same time until a while ago counts too: its threads are kept for the next burst. */
  #notePeak(): void {
    let megabytes = 0;
    for (const { execution } of this.#calls.values())
      megabytes += execution.limits.maxMemoryMb + memoryBesideMb;
    const now = performance.now();
    if (megabytes >= this.#peak.megabytes || now - this.#peak.at > afterBurstMs)
      this.#peak = { megabytes, at: now };
  }

  async close(): Promise<void> {
    await Promise.all(this.#kept.values());
    if (this.#ended) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#process.once('exit', () => resolve());
    this.#ref();
    this.kill();
    await promise;
  }

  #toSend(form: StoredForm): StoredForm | Sha256 {
    if (this.#forms.get(form.key) === form) return form.key;
    this.#forms.set(form.key, form);
    return form;
  }

  #send(request: CellRequest): void {
    if (this.#process.connected) this.#process.send(request, () => {});
  }

  #receive(value: unknown): void {
    const message = parseCellMessage(value);
    if (message === undefined || message.kind === 'ready') return;
    if (message.kind === 'start') {
      this.#takeStart(message.key, message.start);
      return;
    }
    // A call id that is not among the running ones is late, or made up.
    const call = this.#calls.get(message.callId);
    if (call === undefined) return;
    switch (message.kind) {
      case 'log':
        this.#log(call, message.line);
        return;
      case 'ask':
        void call.host.dispatch(message.request);
        return;
      case 'answer':
        call.settle(message.answer);
        return;
      case 'damaged':
        call.settle(damaged);
    }
  }

  /** Once for each component that it was sent: a cell that was taken over could go on for ever. */
  #takeStart(key: Sha256, start: PackedStart): void {
    if (!this.#forms.has(key) || this.#kept.has(key)) return;
    this.#kept.set(key, this.#onStart(key, start));
  }

  /** A worker bounds its guest's lines itself; a cell that was taken over would not, and does not get further. */
  #log(call: Call, { level, message }: LogLine): void {
    const { maxLogLines, maxLogLineLength } = call.execution.limits;
    call.lines += 1;
    // One more, to say how many were dropped, and the mark of a line that was cut.
    if (call.lines > maxLogLines + 1) return;
    call.execution.onLog({ level, message: message.slice(0, maxLogLineLength + 16) });
  }

  #onExit(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#watch?.stop();
    this.#onEnd?.(this.#killed ?? 'crashed');
    for (const call of this.#calls.values()) call.settle(deathAnswer());
  }

  #ref(): void {
    this.#process.ref();
    this.#process.channel?.ref();
  }

  #unref(): void {
    this.#process.unref();
    this.#process.channel?.unref();
    (this.#process.stderr as { unref?: () => void } | null)?.unref?.();
  }
}

/** What a cell may need before the call's own clock starts: starting up, compiling. */
const prepareMs = 10_000;

function deathAnswer(): WorkerAnswer {
  return bareAnswer(
    failure('crash', 'The sandbox process that ran the tool died. Calls of other tools are not affected.'),
  );
}

function overdueAnswer(timeoutMs: number): WorkerAnswer {
  return bareAnswer(
    failure('timeout', `The tool did not answer within ${timeoutMs} ms, and its process was killed.`),
  );
}
