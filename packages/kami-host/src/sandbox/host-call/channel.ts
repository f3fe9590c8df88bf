import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import {
  HostCallError,
  type HostReply,
  type HostRequest,
  type Methods,
  type ServiceName,
  type TurnMethods,
} from './protocol.ts';

/** What a worker needs to reach its host: a port, and a counter in shared memory of the replies sent over it. */
export interface ChannelEnds {
  readonly port: MessagePort;
  readonly replies: SharedArrayBuffer;
}

/** A wait that is over so soon is not worth a message to the host. */
const shortMs = 1;
const longestMs = 60_000;

/**
 * The worker's end. Guests are synchronous: a call blocks the worker until its reply is there, without a turn of
 * its event loop.
 */
export class HostChannel {
  readonly #port: MessagePort;
  readonly #replies: Int32Array;
  readonly #pending = new Map<number, HostCall<unknown>>();
  #received = 0;
  #lastId = 0;

  constructor({ port, replies }: ChannelEnds) {
    this.#port = port;
    this.#replies = new Int32Array(replies);
  }

  /** Sends a request; its reply settles the call returned, at the next `wait` or `call`. */
  start<M extends Methods, K extends keyof M & string>(
    service: ServiceName,
    method: K,
    args: M[K]['args'],
  ): HostCall<M[K]['result']> {
    const id = ++this.#lastId;
    const call = new HostCall<unknown>();
    this.#pending.set(id, call);
    this.#port.postMessage({ id, service, method, args } satisfies HostRequest);
    return call as HostCall<M[K]['result']>;
  }

  /**
   * Sends a request and blocks until its reply is there.
   * @throws HostCallError with the code that the host gave
   */
  call<M extends Methods, K extends keyof M & string>(
    service: ServiceName,
    method: K,
    args: M[K]['args'],
  ): M[K]['result'] {
    const call = this.start<M, K>(service, method, args);
    while (!call.settled) this.wait(Number.POSITIVE_INFINITY);
    return call.take();
  }

  /** Blocks until a reply comes or the time is over, and settles the calls whose replies are there. */
  wait(timeoutMs: number): void {
    if (this.#sleep(Math.min(timeoutMs, shortMs)) || timeoutMs <= shortMs) return;
    const before = this.#received;
    const args = { waitingFor: this.#pending.size, ms: Math.min(timeoutMs, longestMs) };
    const pause = this.start<TurnMethods, 'pause'>('turn', 'pause', args);
    // Whatever comes first: the host has a turn for the guest then, and ends the pause.
    while (!pause.settled) this.#sleep(Number.POSITIVE_INFINITY);
    if (pause.refused && this.#received === before + 1) this.#sleep(timeoutMs);
  }

  /** A new call begins: what the last one still waited for concerns nobody. */
  forget(): void {
    this.#pending.clear();
  }

  /** @returns whether a reply came */
  #sleep(timeoutMs: number): boolean {
    Atomics.wait(this.#replies, 0, this.#received, timeoutMs);
    const before = this.#received;
    for (let message = receiveMessageOnPort(this.#port); message !== undefined; ) {
      this.#received += 1;
      const reply = message.message as HostReply;
      this.#pending.get(reply.id)?.settle(reply);
      this.#pending.delete(reply.id);
      message = receiveMessageOnPort(this.#port);
    }
    return this.#received !== before;
  }
}

/** A request on its way. */
export class HostCall<T> {
  #reply: HostReply | undefined;

  get settled(): boolean {
    return this.#reply !== undefined;
  }

  get refused(): boolean {
    return this.#reply?.status === 'failed';
  }

  settle(reply: HostReply): void {
    this.#reply = reply;
  }

  /**
   * The value, once settled.
   * @throws HostCallError with the code that the host gave
   */
  take(): T {
    const reply = this.#reply;
    if (reply === undefined) throw new Error('the host has not answered yet');
    if (reply.status === 'failed') throw new HostCallError(reply.code, reply.detail);
    return reply.value as T;
  }
}
