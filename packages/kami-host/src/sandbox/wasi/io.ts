import type * as WasiError from '@bytecodealliance/preview2-shim/interfaces/wasi-io-error';
import type * as WasiPoll from '@bytecodealliance/preview2-shim/interfaces/wasi-io-poll';
import type * as WasiStreams from '@bytecodealliance/preview2-shim/interfaces/wasi-io-streams';
import type { HostChannel } from '../host-call/channel.ts';
import type { CallState } from './call-state.ts';
import { CountedHandle, type HandleBudget } from './handles.ts';

/** Bytes that one write may carry, and one read may ask for. */
export const streamChunkBytes = 65_536;
const maxPollables = 4_096;

export const closed: WasiStreams.StreamError = Object.freeze({ tag: 'closed' });

/** An error that a stream ended with. What it was is for the interface that the stream belongs to. */
export class IoError implements WasiError.Error {
  toDebugString(): string {
    return 'input/output error';
  }
}

/** What makes a pollable ready. */
interface Condition {
  isReady(): boolean;
  /** ns until it is ready; undefined when that is not known before. */
  remaining(): bigint | undefined;
  /** The host whose replies can make it ready, or that is told of the wait. */
  readonly host: HostChannel | undefined;
}

/** Something a guest can wait for: ready now, from a moment of the call's clock on, or when the host answers. */
export class Pollable extends CountedHandle implements WasiPoll.Pollable {
  readonly #condition: Condition;

  private constructor(handles: HandleBudget, condition: Condition) {
    super(handles);
    this.#condition = condition;
  }

  static readonly always = (handles: HandleBudget): Pollable =>
    new Pollable(handles, { isReady: () => true, remaining: () => 0n, host: undefined });

  /** From a moment of the call's clock on. The host is told of a long wait, so that others can use the time. */
  static readonly at = (
    { handles, clock, host }: Pick<CallState, 'handles' | 'clock' | 'host'>,
    deadline: bigint,
  ): Pollable =>
    new Pollable(handles, {
      isReady: () => clock.now() >= deadline,
      remaining: () => deadline - clock.now(),
      host,
    });

  /** `isReady` is asked again after every reply of the host. */
  static readonly on = (handles: HandleBudget, host: HostChannel, isReady: () => boolean): Pollable =>
    new Pollable(handles, { isReady, remaining: () => undefined, host });

  ready(): boolean {
    this.#condition.host?.wait(0);
    return this.#condition.isReady();
  }

  block(): void {
    waitForAny([this.#condition]);
  }

  /** Blocks the worker until one of the pollables is ready. The call's timeout ends a wait that never does. */
  static readonly poll = (pollables: readonly Pollable[]): Uint32Array => {
    if (pollables.length === 0 || pollables.length > maxPollables) {
      throw new RangeError(`poll takes 1 to ${maxPollables} pollables, not ${pollables.length}`);
    }
    return Uint32Array.from(waitForAny(pollables.map((pollable) => pollable.#condition)));
  };
}

const sleepCell = new Int32Array(new SharedArrayBuffer(4));
const longestSleepNs = 60_000_000_000n;

/** Indices of the conditions that hold, at least one. Waits for the clock and for the host at the same time. */
function waitForAny(conditions: readonly Condition[]): readonly number[] {
  const host = conditions.find((condition) => condition.host !== undefined)?.host;
  host?.wait(0);
  for (;;) {
    const ready = conditions.flatMap((condition, index) => (condition.isReady() ? [index] : []));
    if (ready.length > 0) return ready;
    let soonest = longestSleepNs;
    for (const condition of conditions) {
      const left = condition.remaining();
      if (left !== undefined && left < soonest) soonest = left;
    }
    const ms = Number(soonest) / 1e6;
    if (host === undefined) Atomics.wait(sleepCell, 0, 0, ms);
    else host.wait(ms);
  }
}

/** Blocks the worker until a reply of the host makes it so. */
export function waitUntil(host: HostChannel, isReady: () => boolean): void {
  waitForAny([{ isReady, remaining: () => undefined, host }]);
}

/** An input stream that has ended before it began. */
export class InputStream extends CountedHandle implements WasiStreams.InputStream {
  protected readonly handles: HandleBudget;

  constructor(handles: HandleBudget) {
    super(handles);
    this.handles = handles;
  }

  read(_length: bigint): Uint8Array {
    throw closed;
  }
  blockingRead(_length: bigint): Uint8Array {
    throw closed;
  }
  skip(length: bigint): bigint {
    return BigInt(this.read(length).length);
  }
  blockingSkip(length: bigint): bigint {
    return BigInt(this.blockingRead(length).length);
  }
  subscribe(): Pollable {
    return Pollable.always(this.handles);
  }
}

/** An output stream whose bytes go to a sink in this worker; it never blocks. */
export class OutputStream extends CountedHandle implements WasiStreams.OutputStream {
  protected readonly handles: HandleBudget;
  readonly #sink: (bytes: Uint8Array) => void;

  constructor(handles: HandleBudget, sink: (bytes: Uint8Array) => void) {
    super(handles);
    this.handles = handles;
    this.#sink = sink;
  }

  checkWrite(): bigint {
    return BigInt(streamChunkBytes);
  }
  write(contents: Uint8Array): void {
    requirePermit(contents.length);
    this.#sink(contents);
  }
  blockingWriteAndFlush(contents: Uint8Array): void {
    this.write(contents);
  }
  flush(): void {}
  blockingFlush(): void {}
  subscribe(): Pollable {
    return Pollable.always(this.handles);
  }
  writeZeroes(length: bigint): void {
    requirePermit(length);
    this.write(new Uint8Array(Number(length)));
  }
  blockingWriteZeroesAndFlush(length: bigint): void {
    requirePermit(length);
    this.blockingWriteAndFlush(new Uint8Array(Number(length)));
  }
  /** Moves what the source has and this stream takes at once. */
  splice(source: InputStream, length: bigint): bigint {
    const room = this.checkWrite();
    const bytes = source.read(length < room ? length : room);
    if (bytes.length > 0) this.write(bytes);
    return BigInt(bytes.length);
  }
  blockingSplice(source: InputStream, length: bigint): bigint {
    this.subscribe().block();
    const room = this.checkWrite();
    const bytes = source.blockingRead(length < room ? length : room);
    if (bytes.length > 0) this.write(bytes);
    return BigInt(bytes.length);
  }
}

/** A write of more than `check-write` can ever have permitted is a trap. */
export function requirePermit(length: number | bigint, permitted = streamChunkBytes): void {
  if (length > permitted) throw new RangeError('the tool wrote more than the stream takes');
}

/** What a read of so many bytes comes to. */
export function atMostAChunk(length: bigint): number {
  return Number(length < BigInt(streamChunkBytes) ? length : BigInt(streamChunkBytes));
}

export const ioInterfaces = {
  'wasi:io/error': { Error: IoError },
  'wasi:io/poll': { Pollable, poll: Pollable.poll },
  'wasi:io/streams': { InputStream, OutputStream },
};
