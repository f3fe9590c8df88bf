import type * as WasiStreams from '@bytecodealliance/preview2-shim/interfaces/wasi-io-streams';
import type { HostChannel } from '../host-call/channel.ts';
import type { HandleBudget } from './handles.ts';
import {
  atMostAChunk,
  closed,
  InputStream,
  type IoError,
  OutputStream,
  Pollable,
  requirePermit,
  streamChunkBytes,
  waitUntil,
} from './io.ts';

/** An answer of the host that may still be on its way; a `HostCall` is one. */
export interface Pending<T> {
  readonly settled: boolean;
  /** The answer, once settled. Throws what went wrong. */
  take(): T;
}

/** Where the bytes of an input stream come from. One request is on its way at a time. */
export interface ByteSource {
  /** Asks for up to a chunk; undefined is the end. */
  pull(): Pending<Uint8Array | undefined>;
  /** What a thrown error is to the guest. */
  asError(error: unknown): IoError;
  /** Called when the end was read, or an error. */
  ended?(): void;
}

/** Where the bytes of an output stream go. One chunk is on its way at a time. */
export interface ByteSink {
  /** Sends a chunk; it settles when the next may come. Undefined while there is nowhere to send it yet. */
  push(chunk: Uint8Array): Pending<unknown> | undefined;
  asError(error: unknown): IoError;
  /** The error that a write of these bytes is; the stream ends with it. */
  refuse?(contents: Uint8Array): IoError | undefined;
}

/** An input stream that asks the host for its bytes when the guest wants them. */
export class HostInputStream extends InputStream {
  readonly #host: HostChannel;
  readonly #source: ByteSource;
  #pending: Pending<Uint8Array | undefined> | undefined;
  #rest: Uint8Array = new Uint8Array(0);
  #failure: WasiStreams.StreamError | undefined;

  constructor(handles: HandleBudget, host: HostChannel, source: ByteSource) {
    super(handles);
    this.#host = host;
    this.#source = source;
  }

  override read(length: bigint): Uint8Array {
    this.#host.wait(0);
    return this.#isReady() ? this.#take(length) : new Uint8Array(0);
  }

  override blockingRead(length: bigint): Uint8Array {
    waitUntil(this.#host, () => this.#isReady());
    return this.#take(length);
  }

  override subscribe(): Pollable {
    return Pollable.on(this.handles, this.#host, () => this.#isReady());
  }

  /** Ends it here, whatever may still come: the next read finds it closed. */
  close(): void {
    this.#rest = new Uint8Array(0);
    this.#failure = closed;
  }

  /** Whether a read has something to give; asks the host if not. */
  #isReady(): boolean {
    if (this.#rest.length > 0 || this.#failure !== undefined) return true;
    this.#pending ??= this.#source.pull();
    if (!this.#pending.settled) return false;
    const pending = this.#pending;
    this.#pending = undefined;
    try {
      const bytes = pending.take();
      if (bytes === undefined) this.#end(closed);
      else this.#rest = bytes;
    } catch (error) {
      this.#end({ tag: 'last-operation-failed', val: this.#source.asError(error) });
    }
    return this.#rest.length > 0 || this.#failure !== undefined;
  }

  #take(length: bigint): Uint8Array {
    if (this.#rest.length > 0) {
      const bytes = this.#rest.subarray(0, atMostAChunk(length));
      this.#rest = this.#rest.subarray(bytes.length);
      return bytes;
    }
    const failure = this.#failure ?? closed;
    this.#failure = closed;
    throw failure;
  }

  #end(failure: WasiStreams.StreamError): void {
    this.#failure = failure;
    this.#source.ended?.();
  }
}

/** An output stream whose bytes go to the host, one chunk at a time: the next is taken when that one was. */
export class HostOutputStream extends OutputStream {
  readonly #host: HostChannel;
  readonly #sink: ByteSink;
  #pending: Pending<unknown> | undefined;
  /** Bytes that were written before there was anywhere to send them. */
  #held: Uint8Array = new Uint8Array(0);
  #failure: WasiStreams.StreamError | undefined;

  constructor(handles: HandleBudget, host: HostChannel, sink: ByteSink) {
    super(handles, () => {});
    this.#host = host;
    this.#sink = sink;
  }

  override checkWrite(): bigint {
    this.#host.wait(0);
    this.#settle();
    this.#throwFailure();
    return BigInt(this.#room());
  }

  override write(contents: Uint8Array): void {
    this.#host.wait(0);
    this.#settle();
    this.#throwFailure();
    requirePermit(contents.length, this.#room());
    const refused = this.#sink.refuse?.(contents);
    if (refused !== undefined) {
      this.#failure = { tag: 'last-operation-failed', val: refused };
      this.#throwFailure();
    }
    const joined = new Uint8Array(this.#held.length + contents.length);
    joined.set(this.#held);
    joined.set(contents, this.#held.length);
    this.#held = joined;
    this.send();
  }

  override blockingWriteAndFlush(contents: Uint8Array): void {
    // Nothing makes room in a stream that leads nowhere yet: waiting would be for ever.
    if (this.#pending === undefined && contents.length > this.#room()) throw closed;
    waitUntil(this.#host, () => this.#hasRoom());
    this.write(contents);
    this.blockingFlush();
  }

  override flush(): void {
    this.checkWrite();
  }

  override blockingFlush(): void {
    waitUntil(this.#host, () => this.#settle());
    this.#throwFailure();
  }

  override subscribe(): Pollable {
    return Pollable.on(this.handles, this.#host, () => this.#hasRoom());
  }

  /** Sends what is held, once there is somewhere to send it. */
  send(): void {
    if (this.#pending !== undefined || this.#held.length === 0) return;
    this.#pending = this.#sink.push(this.#held);
    if (this.#pending !== undefined) this.#held = new Uint8Array(0);
  }

  /** Ends it here: what was written is on its way, and no more is taken. */
  close(): void {
    this.#failure = closed;
  }

  #room(): number {
    return this.#pending === undefined ? streamChunkBytes - this.#held.length : 0;
  }

  #hasRoom(): boolean {
    const isSettled = this.#settle();
    return this.#failure !== undefined || (isSettled && this.#room() > 0);
  }

  /** Whether no chunk is on its way. */
  #settle(): boolean {
    if (this.#pending === undefined) return true;
    if (!this.#pending.settled) return false;
    const pending = this.#pending;
    this.#pending = undefined;
    try {
      pending.take();
    } catch (error) {
      this.#failure ??= { tag: 'last-operation-failed', val: this.#sink.asError(error) };
    }
    return true;
  }

  #throwFailure(): void {
    const failure = this.#failure;
    if (failure === undefined) return;
    this.#failure = closed;
    throw failure;
  }
}
