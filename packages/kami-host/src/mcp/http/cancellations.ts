import { isJSONRPCNotification, isJSONRPCRequest } from '@modelcontextprotocol/server';

const sessionPattern = /^[0-9a-f-]{36}$/;

/**
 * Lets clients of 2025-11-25 cancel. They do it by a message of its own, which says the id of a request and not
 * whose it is, and every client counts from 0. The id of their session tells the requests of one client from those of
 * another, also where the session is not kept. A cancellation that a load balancer brings to another process is lost,
 * and the call goes on to its end. Clients of 2026-07-28 cancel by closing the response stream.
 */
export class Cancellations {
  readonly #running = new Map<string, () => void>();

  /** Remembers how to abort a request until the function that is returned is called. */
  note(client: string, session: string | undefined, message: unknown, abort: () => void): () => void {
    if (session === undefined || !sessionPattern.test(session) || !isJSONRPCRequest(message)) return () => {};
    const key = keyOf(client, session, message.id);
    this.#running.set(key, abort);
    return () => {
      if (this.#running.get(key) === abort) this.#running.delete(key);
    };
  }

  /** Aborts what the message cancels, if it does and that runs here. */
  follow(client: string, session: string | undefined, message: unknown): void {
    if (session === undefined || !isJSONRPCNotification(message)) return;
    if (message.method !== 'notifications/cancelled') return;
    const id = message.params?.requestId;
    if (typeof id === 'string' || typeof id === 'number') this.#running.get(keyOf(client, session, id))?.();
  }
}

function keyOf(client: string, session: string, id: string | number): string {
  return JSON.stringify([client, session, id]);
}
