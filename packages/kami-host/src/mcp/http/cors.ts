import type { IncomingMessage, ServerResponse } from 'node:http';

/** Lets the page of an allowed origin read the answer. */
export function allowOrigin(response: ServerResponse, origin: string | undefined): void {
  if (origin === undefined) return;
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Access-Control-Expose-Headers', 'Mcp-Session-Id, WWW-Authenticate');
  response.setHeader('Vary', 'Origin');
}

/** Answers a browser that asks whether an allowed page may send its request (Fetch, CORS preflight). */
export function answerPreflight(request: IncomingMessage, response: ServerResponse): void {
  const asked = request.headers['access-control-request-headers'] ?? '';
  response.writeHead(204, {
    'Access-Control-Allow-Methods': 'POST',
    'Access-Control-Allow-Headers': /^[a-z0-9, -]{0,1024}$/i.test(asked) ? asked : '',
    'Access-Control-Max-Age': '600',
  });
  response.end();
}
