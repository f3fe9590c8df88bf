import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

export interface Refusal {
  readonly status: number;
  readonly message: string;
  /** Code of JSON-RPC; -32000, a server error, unless given. */
  readonly code?: number;
  readonly headers?: OutgoingHttpHeaders;
}

/** Answers a request that never became a message of MCP: a JSON-RPC error without an id. */
export function refuse(
  response: ServerResponse,
  { status, message, code = -32_000, headers = {} }: Refusal,
): void {
  sendJson(response, status, { jsonrpc: '2.0', error: { code, message }, id: null }, headers);
}

export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: OutgoingHttpHeaders = {},
): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  });
  endWhenSent(response, body);
}

/** How long a client may go on sending a body that nobody reads, ms. */
const lingerMs = 5_000;

/**
 * Sends the last of an answer and ends it, but not before the client has sent all of its request: a connection that
 * is closed with bytes unread is reset, and takes an answer along that is still on its way.
 */
function endWhenSent(response: ServerResponse, body: Buffer): void {
  const { req: request } = response;
  if (request.complete) {
    response.end(body);
    return;
  }
  response.write(body);
  const end = () => {
    clearTimeout(late);
    response.end();
  };
  const late = setTimeout(end, lingerMs);
  request.once('close', end).once('end', end).resume();
}
