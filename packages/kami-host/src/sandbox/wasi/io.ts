import type * as WasiError from '@bytecodealliance/preview2-shim/interfaces/wasi-io-error';
import type * as WasiPoll from '@bytecodealliance/preview2-shim/interfaces/wasi-io-poll';
import type * as WasiStreams from '@bytecodealliance/preview2-shim/interfaces/wasi-io-streams';
import type { CallClock } from './call-state.ts';

/** Bytes that one write may carry, and one read may ask for. */
export const streamChunkBytes = 65_536;
const maxPollables = 4_096;

const closed: WasiStreams.StreamError = Object.freeze({ tag: 'closed' });

class IoError implements WasiError.Error {
  toDebugString(): string {
    return 'input/output error';
  }
}

/** Something a guest can wait for: ready now, or from a moment of the call's clock on. */
export class Pollable implements WasiPoll.Pollable {
  readonly #clock: CallClock | undefined;
  /** ns of the call's clock. */
  readonly deadline: bigint;

  private constructor(clock: CallClock | undefined, deadline: bigint) {
    this.#clock = clock;
    this.deadline = deadline;
  }

  static readonly always = (): Pollable => new Pollable(undefined, 0n);
  static readonly at = (clock: CallClock, deadline: bigint): Pollable => new Pollable(clock, deadline);

  ready(): boolean {
    return this.#clock === undefined || this.#clock.now() >= this.deadline;
  }

  block(): void {
    poll([this]);
  }

  /** ns until it is ready. */
  remaining(): bigint {
    return this.#clock === undefined ? 0n : this.deadline - this.#clock.now();
  }
}

const sleepCell = new Int32Array(new SharedArrayBuffer(4));
const longestSleepNs = 60_000_000_000n;

/** Blocks the worker until one of the pollables is ready. The call's timeout ends a wait that never does. */
function poll(pollables: readonly Pollable[]): Uint32Array {
  if (pollables.length === 0 || pollables.length > maxPollables) {
    throw new RangeError(`poll takes 1 to ${maxPollables} pollables, not ${pollables.length}`);
  }
  for (;;) {
    const ready = pollables.flatMap((pollable, index) => (pollable.ready() ? [index] : []));
    if (ready.length > 0) return Uint32Array.from(ready);
    let soonest = longestSleepNs;
    for (const pollable of pollables) {
      const left = pollable.remaining();
      if (left < soonest) soonest = left;
    }
    Atomics.wait(sleepCell, 0, 0, Number(soonest) / 1e6);
  }
}

/** An input stream that has ended before it began. */
export class InputStream implements WasiStreams.InputStream {
  read(): Uint8Array {
    throw closed;
  }
  blockingRead(): Uint8Array {
    throw closed;
  }
  skip(): bigint {
    throw closed;
  }
  blockingSkip(): bigint {
    throw closed;
  }
  subscribe(): Pollable {
    return Pollable.always();
  }
}

/** An output stream whose bytes go to a sink in this worker; it never blocks. */
export class OutputStream implements WasiStreams.OutputStream {
  readonly #sink: (bytes: Uint8Array) => void;

  constructor(sink: (bytes: Uint8Array) => void) {
    this.#sink = sink;
  }

  checkWrite(): bigint {
    return BigInt(streamChunkBytes);
  }
  write(contents: Uint8Array): void {
    this.#sink(contents);
  }
  blockingWriteAndFlush(contents: Uint8Array): void {
    this.#sink(contents);
  }
  flush(): void {}
  blockingFlush(): void {}
  subscribe(): Pollable {
    return Pollable.always();
  }
  writeZeroes(length: bigint): void {
    this.#sink(new Uint8Array(Number(length < BigInt(streamChunkBytes) ? length : BigInt(streamChunkBytes))));
  }
  blockingWriteZeroesAndFlush(length: bigint): void {
    this.writeZeroes(length);
  }
  splice(): bigint {
    throw closed;
  }
  blockingSplice(): bigint {
    throw closed;
  }
}

export const ioInterfaces = {
  'wasi:io/error': { Error: IoError },
  'wasi:io/poll': { Pollable, poll },
  'wasi:io/streams': { InputStream, OutputStream },
};
