import type { Socket } from 'node:net';
import { HostCallError } from '../host-call/protocol.ts';
import { openWithin } from './connect.ts';
import { maxChunkBytes } from './egress-protocol.ts';
import { asFailure } from './failure.ts';
import type { NetworkLimits } from './network-grant.ts';
import { readChunk } from './response-body.ts';
import type { ShutdownSide } from './tcp-protocol.ts';

export interface TcpConnectionOptions {
  readonly limits: Pick<NetworkLimits, 'connectTimeoutMs' | 'betweenBytesTimeoutMs'>;
  /** Opens the connection; its errors end it. */
  readonly connect: (signal: AbortSignal) => Promise<Socket>;
}

/**
 * One connection of a guest's own. Bytes move by pull in both directions: the next chunk goes out when the system
 * has taken the one before, and bytes come in when the guest asks for them. A connection on which nothing moves for
 * `betweenBytesTimeoutMs` is ended.
 */
export class TcpConnection {
  readonly #abort = new AbortController();
  readonly #receiving = new AbortController();
  readonly #socket: Promise<Socket>;
  #sending: Promise<void> = Promise.resolve();
  #reading = false;
  #sendShut = false;
  #ended = false;

  constructor({ limits, connect }: TcpConnectionOptions) {
    this.#socket = this.#open(limits, connect);
    this.#socket.catch((error: unknown) => this.#fail(asFailure(error)));
  }

  /** Whether it holds a connection, or will. */
  get isOpen(): boolean {
    return !this.#ended;
  }

  /** Resolves when it can be used. */
  async connected(): Promise<undefined> {
    await this.#established();
  }

  /** Takes a chunk; resolves when the system has it. */
  write(chunk: Uint8Array): Promise<void> {
    if (this.#sendShut) return Promise.reject(new HostCallError('connection-terminated'));
    return this.#queue((socket, done) => socket.write(chunk, done));
  }

  async read(maxBytes: number): Promise<Uint8Array | undefined> {
    if (this.#reading) throw new HostCallError('busy');
    this.#reading = true;
    try {
      const socket = await this.#established();
      const signal = this.#receiving.signal;
      return await readChunk(socket, { maxBytes: Math.min(maxBytes, maxChunkBytes), signal });
    } catch (error) {
      if (this.#receiving.signal.aborted && !this.#ended) return undefined;
      const failure = this.#failureOf(error);
      this.#fail(failure);
      throw failure;
    } finally {
      this.#reading = false;
    }
  }

  shutdown(side: ShutdownSide): Promise<void> {
    // What nobody will read stays with the server, as it would if the guest just did not read.
    if (side !== 'send') this.#receiving.abort(new HostCallError('connection-terminated'));
    if (side === 'receive' || this.#sendShut) return Promise.resolve();
    this.#sendShut = true;
    return this.#queue((socket, done) => socket.end(done));
  }

  /** Ends it when what was written is on its way, or can't be. */
  async release(): Promise<void> {
    this.#receiving.abort(new HostCallError('connection-terminated'));
    await this.#sending.catch(() => {});
    this.close();
  }

  /** Ends it at once, whatever it is doing. */
  close(): void {
    this.#fail(new HostCallError('connection-terminated'));
  }

  async #open(
    { connectTimeoutMs, betweenBytesTimeoutMs }: TcpConnectionOptions['limits'],
    connect: TcpConnectionOptions['connect'],
  ): Promise<Socket> {
    const socket = await openWithin(connectTimeoutMs, this.#abort.signal, connect);
    socket.setTimeout(betweenBytesTimeoutMs, () => this.#fail(new HostCallError('connection-timeout')));
    socket.once('close', () => {
      this.#ended = true;
    });
    return socket;
  }

  /** @throws HostCallError with what ended it, if something did */
  async #established(): Promise<Socket> {
    try {
      const socket = await this.#socket;
      this.#abort.signal.throwIfAborted();
      return socket;
    } catch (error) {
      throw this.#failureOf(error);
    }
  }

  #queue(step: (socket: Socket, done: (error?: Error | null) => void) => void): Promise<void> {
    this.#sending = this.#sending.then(async () => {
      const socket = await this.#established();
      try {
        await new Promise<void>((resolve, reject) => {
          step(socket, (error) => (error ? reject(error) : resolve()));
        });
      } catch (error) {
        throw this.#failureOf(error);
      }
    });
    this.#sending.catch(() => {});
    return this.#sending;
  }

  /** What ended the connection, rather than what followed from it. */
  #failureOf(error: unknown): HostCallError {
    const failure = asFailure(this.#abort.signal.aborted ? this.#abort.signal.reason : error);
    return failure.code === 'HTTP-response-incomplete' ? new HostCallError('connection-terminated') : failure;
  }

  #fail(error: HostCallError): void {
    if (this.#abort.signal.aborted) return;
    this.#ended = true;
    this.#abort.abort(error);
    this.#receiving.abort(error);
  }
}
