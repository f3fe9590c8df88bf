import type { Readable } from 'node:stream';
import { HostCallError } from '../host-call/protocol.ts';
import { asFailure } from './failure.ts';

export interface ReadOptions {
  readonly maxBytes: number;
  /** How long to wait for the next bytes, ms; for ever when it is left out. */
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
}

/**
 * Some bytes of a message's body or of a socket, or undefined at its end. The rest stays in the socket: what nobody
 * reads is not taken from the network.
 * @throws HostCallError; `HTTP-response-incomplete` when it broke off
 */
export async function readChunk(message: Readable, options: ReadOptions): Promise<Uint8Array | undefined> {
  for (;;) {
    const bytes = take(message, options.maxBytes);
    if (bytes !== undefined) return bytes;
    if (message.readableEnded) return undefined;
    if (message.errored !== null) throw failureOf(message.errored);
    if (message.destroyed) throw new HostCallError('HTTP-response-incomplete');
    options.signal.throwIfAborted();
    await change(message, options);
  }
}

function take(message: Readable, maxBytes: number): Uint8Array | undefined {
  const available = Math.min(maxBytes, message.readableLength);
  const bytes = message.read(available === 0 ? undefined : available) as Buffer | null;
  // A copy of its own: Node's chunks are views of larger buffers, all of which would be sent to the worker.
  return bytes === null ? undefined : new Uint8Array(bytes);
}

/** Waits until there may be something to read. */
function change(message: Readable, { timeoutMs, signal }: ReadOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: unknown) => {
      clearTimeout(timer);
      for (const event of events) message.off(event, wake);
      signal.removeEventListener('abort', abort);
      if (error === undefined) resolve();
      else reject(error);
    };
    const wake = () => settle();
    const abort = () => settle(signal.reason);
    const late = () => settle(new HostCallError('connection-read-timeout'));
    const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs);
    for (const event of events) message.once(event, wake);
    signal.addEventListener('abort', abort, { once: true });
  });
}

const events = ['readable', 'end', 'error', 'close'] as const;

/** A connection that breaks in the middle of a body leaves a response that is not whole. */
function failureOf(error: Error): HostCallError {
  const failure = asFailure(error);
  return failure.code === 'connection-terminated' ? new HostCallError('HTTP-response-incomplete') : failure;
}
