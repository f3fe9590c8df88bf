import type { IncomingMessage } from 'node:http';
import type { Refusal } from './refuse.ts';

/** A body that was read, or why it was not. */
export type Body = { readonly value: unknown; readonly release: () => void } | Refusal;

export interface BodyBounds {
  /** Of one body. */
  readonly maxBytes: number;
  /** Of what all that are held at the same time have beyond a small message. */
  readonly maxHeldBytes: number;
}

/** So much of each body is always taken: large messages of some must not lock out small ones of others. */
const smallBytes = 64 * 1024;

/** Reads JSON bodies within bounds. What was read is held against the bound until `release` is called. */
export function createBodyReader({
  maxBytes,
  maxHeldBytes,
}: BodyBounds): (request: IncomingMessage) => Promise<Body> {
  const tooLarge: Refusal = { status: 413, message: `The message has more than ${maxBytes} bytes.` };
  const busy: Refusal = {
    status: 503,
    message: 'Too many large messages are on their way. Send it again later.',
    headers: { 'Retry-After': '1' },
  };
  let heldBytes = 0;

  return async (request) => {
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) return tooLarge;
    const chunks: Buffer[] = [];
    let size = 0;
    let held = 0;
    const hold = (bytes: number) => {
      heldBytes += bytes - held;
      held = bytes;
    };
    const release = () => hold(0);
    try {
      // A refused body must not destroy the request: the answer still has to reach the client.
      for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        size += chunk.length;
        hold(Math.max(0, size - smallBytes));
        if (size > maxBytes || heldBytes > maxHeldBytes) {
          const refusal = size > maxBytes ? tooLarge : busy;
          release();
          return refusal;
        }
        chunks.push(chunk);
      }
    } catch (error) {
      release();
      throw error;
    }
    try {
      return { value: parse(Buffer.concat(chunks)), release };
    } catch {
      release();
      return { status: 400, code: -32_700, message: 'The message is not JSON in UTF-8.' };
    }
  };
}

function parse(bytes: Buffer): unknown {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
}
