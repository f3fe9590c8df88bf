import { serveStdio as serveSdkStdio } from '@modelcontextprotocol/server/stdio';
import { onReaderGone } from '../terminal/output.ts';
import { createServer, type ServerDeps } from './create-server.ts';

/**
 * Serves MCP on this process's stdin and stdout until the client closes stdin or `signal` is aborted.
 * Calls that run at that moment are for the caller to end: the client no longer waits for them.
 */
export async function serveStdio(deps: ServerDeps, signal: AbortSignal): Promise<void> {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const handle = serveSdkStdio(() => createServer(deps), {
    onerror: (error) => deps.logger.warn('a message could not be handled', { err: error }),
  });
  process.stdin.once('end', end).once('close', end);
  onReaderGone(end);
  signal.addEventListener('abort', () => end(), { once: true });
  await ended;
  await handle.close();
}
