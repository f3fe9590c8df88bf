import { CountedHandle } from './handles.ts';
import { streamChunkBytes } from './io.ts';

const second = 1_000_000_000n;

/**
 * The options of a socket. They are hints, and stay here: the host keeps its own bounds for connections, and none of
 * them changes what arrives.
 */
export class TcpOptions extends CountedHandle {
  #keepAlive = false;
  #idleTime = 7_200n * second;
  #interval = 75n * second;
  #count = 9;
  #hopLimit = 64;
  #receiveBuffer = BigInt(streamChunkBytes);
  #sendBuffer = BigInt(streamChunkBytes);

  keepAliveEnabled(): boolean {
    return this.#keepAlive;
  }
  setKeepAliveEnabled(value: boolean): void {
    this.#keepAlive = value;
  }
  keepAliveIdleTime(): bigint {
    return this.#idleTime;
  }
  setKeepAliveIdleTime(value: bigint): void {
    this.#idleTime = positive(value);
  }
  keepAliveInterval(): bigint {
    return this.#interval;
  }
  setKeepAliveInterval(value: bigint): void {
    this.#interval = positive(value);
  }
  keepAliveCount(): number {
    return this.#count;
  }
  setKeepAliveCount(value: number): void {
    this.#count = positive(value);
  }
  hopLimit(): number {
    return this.#hopLimit;
  }
  setHopLimit(value: number): void {
    this.#hopLimit = positive(value);
  }
  receiveBufferSize(): bigint {
    return this.#receiveBuffer;
  }
  setReceiveBufferSize(value: bigint): void {
    this.#receiveBuffer = positive(value);
  }
  sendBufferSize(): bigint {
    return this.#sendBuffer;
  }
  setSendBufferSize(value: bigint): void {
    this.#sendBuffer = positive(value);
  }
}

function positive<T extends number | bigint>(value: T): T {
  if (value <= 0) throw 'invalid-argument';
  return value;
}
