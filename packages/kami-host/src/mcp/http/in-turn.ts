import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Requests that a client may send on one connection before it has read the answers. */
const maxPipelined = 16;

/** Requests that a client sends without waiting are answered one after the other, so that none takes more than its share. */
export function inTurn(
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): RequestListener {
  const lines = new WeakMap<Socket, { length: number; end: Promise<unknown> }>();
  return (request, response) => {
    const { socket } = request;
    const line = lines.get(socket) ?? { length: 0, end: Promise.resolve() };
    lines.set(socket, line);
    if (line.length >= maxPipelined) {
      socket.destroy();
      return;
    }
    line.length += 1;
    line.end = line.end
      .then(() => (socket.destroyed ? undefined : answer(request, response)))
      .catch(() => socket.destroy())
      .then(() => {
        line.length -= 1;
      });
  };
}
