import type { IncomingMessage } from 'node:http';
import { HostCallError } from '../host-call/protocol.ts';
import { asFailure } from './failure.ts';

export interface ReadOptions {
  readonly maxBytes: number;
  /** How long to wait for the next bytes, ms. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Some bytes of a message's body, or undefined at its end. The rest stays in the socket: what nobody reads is
 * not taken from the network.
 * @throws HostCallError
 */
export async function readChunk(
  message: IncomingMessage,
  options: ReadOptions,
): Promise<Uint8Array | undefined> {
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

function take(message: IncomingMessage, maxBytes: number): Uint8Array | undefined {
  const available = Math.min(maxBytes, message.readableLength);
  const bytes = message.read(available === 0 ? undefined : available) as Buffer | null;
  // A copy of its own: Node's chunks are views of larger buffers, all of which would be sent to the worker.
  return bytes === null ? undefined : new Uint8Array(bytes);
}

/** Waits until there may be something to read. */
function change(message: IncomingMessage, { timeoutMs, signal }: ReadOptions): Promise<void> {
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
    const timer = setTimeout(() => settle(new HostCallError('connection-read-timeout')), timeoutMs);
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
