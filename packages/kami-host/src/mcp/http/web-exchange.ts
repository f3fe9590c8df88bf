import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** How long a client may leave an answer unread before its connection is closed, ms. */
const unreadMs = 30_000;

/** Said to the connection alone, or for nobody's eyes behind the check of who calls. */
const keptBack = new Set(['authorization', 'cookie', 'connection', 'transfer-encoding', 'content-length']);

/** The request as the SDK takes it, without its body, which was read, and without what let it in. */
export function toWebRequest({ method = 'GET', headers }: IncomingMessage, signal: AbortSignal): Request {
  const kept = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || keptBack.has(name)) continue;
    kept.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  // Nothing looks at the URL: it was routed by its path, and the name it was asked under is the client's word.
  return new Request('http://kami.invalid/mcp', { method, headers: kept, signal });
}

/** Sends what the SDK answered, as fast as the client reads it. */
export async function sendWebResponse(
  response: ServerResponse,
  { status, headers, body }: Response,
  signal: AbortSignal,
): Promise<void> {
  // Whether the connection stays open is for the server to say.
  response.writeHead(status, Object.fromEntries([...headers].filter(([name]) => name !== 'connection')));
  if (body !== null) {
    response.flushHeaders();
    for await (const chunk of body) {
      if (signal.aborted) break;
      if (!response.write(chunk)) await untilRead(response, signal);
    }
  }
  response.socket?.setTimeout(unreadMs);
  response.end();
}

async function untilRead(response: ServerResponse, signal: AbortSignal): Promise<void> {
  response.socket?.setTimeout(unreadMs);
  // The signal is that of the connection: it ends this when the client goes, or is too slow.
  await once(response, 'drain', { signal }).catch(() => {});
  response.socket?.setTimeout(0);
}
