import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { atEnd } from './cleanup.ts';

export interface Loopback {
  readonly origin: string;
  /** Answers `ok` at once. */
  readonly now: string;
  /** Answers `ok` after 50 ms. */
  readonly later: string;
}

const laterMs = 50;

/** The server that tools fetch from. */
export async function startLoopback(): Promise<Loopback> {
  const server = createServer((request, response) => {
    const answer = () => void response.setHeader('content-type', 'text/plain').end('ok');
    if (request.url === '/later') setTimeout(answer, laterMs);
    else answer();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { origin, now: `${origin}/now`, later: `${origin}/later` };
}
