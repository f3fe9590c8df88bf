import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { StartState } from '../model/compiled-component.ts';
import type { Sha256 } from '../model/ids.ts';
import type { LogLine } from '../model/log-line.ts';
import { siblingModule } from '../model/sibling-module.ts';
import { bareAnswer } from './answer.ts';
import type { ChannelEnds } from './host-call/channel.ts';
import type { HostReply, HostRequest } from './host-call/protocol.ts';
import type { PostedRequest, WorkerAnswer, WorkerMessage, WorkerRequest } from './protocol.ts';
import { failure } from './result-text.ts';

/** JavaScript heap of one worker, MB: glue, validators and lifted values. Linear memory is bounded apart from it. */
const heapMb = 256;
/** Native stack, MB, set explicitly so that recursion ends at the same depth wherever the default differs. */
const stackMb = 4;

/** Components that a thread keeps: each holds its snapshot. */
const maxComponents = 8;

export interface ThreadCall {
  readonly request: WorkerRequest;
  readonly signal: AbortSignal;
  readonly onLog: (line: LogLine) => void;
  /** Takes what the guest asks of the host; `reply` answers it. */
  readonly onHostRequest: (request: HostRequest) => void;
  /** Takes what the thread found to be the state that the component's calls begin with. */
  readonly onStartState?: (start: StartState | 'delivered') => void;
}

/**
 * One worker thread that runs one operation at a time, each in a fresh instance. A call that does not end in
 * time, or is cancelled, ends the thread with it.
 */
export class SandboxThread {
  readonly #worker: Worker;
  /** What the thread has, in the order of last use, the oldest first. */
  readonly #components = new Set<Sha256>();
  /** What it can link: that source it needs no more. */
  readonly #glues = new Set<Sha256>();
  readonly #host: MessagePort;
  /** Replies sent, in shared memory: a worker that runs a guest has no turn of its event loop to notice them. */
  readonly #replies = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  #ended = false;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.#host = port1;
    this.#worker = new Worker(siblingModule('sandbox/worker'), {
      name: 'kami-sandbox',
      workerData: { port: port2, replies: this.#replies.buffer } satisfies ChannelEnds,
      transferList: [port2],
      env: {},
      execArgv: [],
      stdin: false,
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: heapMb, stackSizeMb: stackMb },
    });
    this.#worker.stdout.resume();
    this.#worker.stderr.resume();
    this.#worker.once('exit', () => {
      this.#ended = true;
    });
    this.#worker.on('error', () => {
      this.#ended = true;
    });
    this.#worker.unref();
    this.#host.unref();
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The component that it served last, of which it may have an instance ready. */
  get lastComponent(): Sha256 | undefined {
    return [...this.#components].at(-1);
  }

  /** How many different ways to link components it has loaded: each stays for good. */
  get engines(): number {
    return this.#glues.size;
  }

  /** Performs one operation. Rejects only with the signal's reason; how the component ends is in the answer. */
  async call({ request, signal, onLog, onHostRequest, onStartState }: ThreadCall): Promise<WorkerAnswer> {
    signal.throwIfAborted();
    const posted = this.#posted(request);
    const worker = this.#worker;
    const { promise, resolve, reject } = Promise.withResolvers<WorkerAnswer>();
    const listeners = {
      message: (message: WorkerMessage) => {
        if (message.kind === 'log') onLog(message.line);
        else if (message.kind === 'start-state') onStartState?.(message.start);
        else resolve(message.answer);
      },
      error: (error: NodeJS.ErrnoException) => resolve(deadAnswer(error)),
      exit: () => resolve(deadAnswer(undefined)),
    };
    const abort = () => reject(signal.reason);
    const timer = setTimeout(() => resolve(timeoutAnswer(request.limits.timeoutMs)), request.timeLeftMs);

    worker.ref();
    worker.on('message', listeners.message).on('error', listeners.error).on('exit', listeners.exit);
    this.#host.on('message', onHostRequest);
    signal.addEventListener('abort', abort, { once: true });
    let answered = false;
    try {
      worker.postMessage(posted);
      const answer = await promise;
      answered = !isFatal(answer);
      return answer;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      worker.off('message', listeners.message).off('error', listeners.error).off('exit', listeners.exit);
      // What the guest asked for and did not wait for is nobody's any more, least of all the next call's.
      while (receiveMessageOnPort(this.#host) !== undefined);
      this.#host.off('message', onHostRequest);
      this.#host.unref();
      worker.unref();
      if (!answered) await this.terminate();
    }
  }

  #posted(request: WorkerRequest): PostedRequest {
    const { key, glue } = request.component;
    const isThere = this.#components.delete(key);
    this.#components.add(key);
    const forget = [...this.#components].slice(0, -maxComponents);
    for (const old of forget) this.#components.delete(old);
    if (isThere) return { ...request, component: key, forget };
    const source = this.#glues.has(glue.sha256) ? '' : glue.source;
    this.#glues.add(glue.sha256);
    return { ...request, component: { ...request.component, glue: { ...glue, source } }, forget };
  }

  /** Answers a request of the guest that runs. */
  reply(reply: HostReply): void {
    this.#host.postMessage(reply);
    Atomics.add(this.#replies, 0, 1);
    Atomics.notify(this.#replies, 0);
  }

  /** Ends the thread at once, whatever it is doing. */
  async terminate(): Promise<void> {
    this.#ended = true;
    await this.#worker.terminate();
  }
}

function isFatal({ outcome }: WorkerAnswer): boolean {
  return outcome.status === 'failure' && (outcome.reason === 'timeout' || outcome.reason === 'crash');
}

function timeoutAnswer(timeoutMs: number): WorkerAnswer {
  return bareAnswer(failure('timeout', `The tool did not answer within ${timeoutMs} ms and was stopped.`));
}

function deadAnswer(error: NodeJS.ErrnoException | undefined): WorkerAnswer {
  const outOfHeap = error?.code === 'ERR_WORKER_OUT_OF_MEMORY';
  return bareAnswer(
    outOfHeap
      ? failure('out-of-memory', `The tool's data took more than ${heapMb} MB outside its own memory.`)
      : failure('crash', 'The sandbox that ran the tool died. Other calls are not affected.'),
  );
}
