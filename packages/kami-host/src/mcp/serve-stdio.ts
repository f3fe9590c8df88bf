import type { ProtocolEra, Server } from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio as serveSdkStdio } from '@modelcontextprotocol/server/stdio';
import { defaultLimits } from '../model/limits.ts';
import { onReaderGone } from '../terminal/output.ts';
import { createServer } from './create-server.ts';
import { createLineLimit } from './line-limit.ts';
import type { ServerDeps } from './server-deps.ts';
import { tellChange } from './tell-change.ts';

/** Twice what a tool takes as input: escaped, an argument may be longer on the wire. */
const maxMessageBytes = 2 * defaultLimits.maxInputBytes;

/**
 * Serves MCP on this process's stdin and stdout until the client closes stdin or `signal` is aborted.
 * Calls that run at that moment are for the caller to end: the client no longer waits for them.
 */
export async function serveStdio(deps: ServerDeps, signal: AbortSignal): Promise<void> {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const lines = createLineLimit(maxMessageBytes, (bytes) =>
    deps.logger.warn(`a message of ${bytes} bytes was ignored; ${maxMessageBytes} are taken`),
  );
  const handle = serveSdkStdio(({ era }) => announcing(createServer(deps, { era }), era, deps), {
    transport: new StdioServerTransport(process.stdin.pipe(lines), undefined, {
      maxBufferSize: 2 * maxMessageBytes,
    }),
    onerror: (error) => deps.logger.warn('a message could not be handled', { err: error }),
  });
  process.stdin.once('end', end).once('close', end);
  onReaderGone(end);
  signal.addEventListener('abort', () => end(), { once: true });
  await ended;
  process.stdin.unpipe(lines).pause();
  await handle.close();
}

/**
 * Tells the client when its tools change, from the moment when it may be told: before that it has seen none. A client of
 * the newer generation is told what it subscribed to; the SDK holds everything else back.
 */
function announcing(server: Server, era: ProtocolEra, { host, logger }: ServerDeps): Server {
  let end: (() => void) | undefined;
  let isClosed = false;
  const begin = () => {
    if (isClosed) return;
    end ??= host.onListChange((what) => void tellChange(server, what, logger));
  };
  // Not before the first answer is on its way: nothing of this is worth waiting for.
  if (era === 'legacy') server.oninitialized = () => setImmediate(begin);
  else setImmediate(begin);
  const close = server.onclose;
  server.onclose = () => {
    close?.();
    isClosed = true;
    end?.();
  };
  return server;
}
