import { once } from 'node:events';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { type Connection, createServer } from '../create-server.ts';
import type { ServerDeps } from '../server-deps.ts';
import { tellChange } from '../tell-change.ts';
import { createAnswerer } from './answer-requests.ts';
import { createAuthenticate } from './authenticate.ts';
import { type HttpSettings, urlHost } from './http-settings.ts';
import { KeptSessions } from './kept-sessions.ts';
import { listen } from './listener.ts';
import { OpenExchanges } from './open-exchanges.ts';
import { describeResource } from './resource-metadata.ts';

export interface HttpDeps extends Omit<ServerDeps, 'client'> {
  /** Ends the calls that run, each with an answer that says so. */
  readonly stopCalls: () => Promise<void>;
}

/** How a server that listens is reached. */
export interface HttpEndpoint {
  /** Of MCP, at the server's own address. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
}

/** How long answers to calls that were ended may take to leave, ms. */
const farewellMs = 2_000;

/**
 * Serves MCP over HTTP (Streamable HTTP of 2026-07-28 and 2025-11-25) until `signal` is aborted; then calls that run
 * have `drainMs` to end. No answer depends on what a process keeps: any number of them may serve one registry.
 * @throws KamiError `KAMI_HTTP_ADDRESS_UNUSABLE`
 */
export async function serveHttp(
  deps: HttpDeps,
  settings: HttpSettings,
  onListening: (endpoint: HttpEndpoint) => void,
  signal: AbortSignal,
): Promise<void> {
  const { stopCalls, ...server } = deps;
  const { host, logger } = server;
  const { access, drainMs } = settings;
  const issuer = access.kind === 'guarded' ? access.issuer : undefined;
  // Who has no issuer does not load what judges its tokens.
  const tokens = issuer === undefined ? undefined : await import('./access-tokens.ts');

  const listener = await listen(settings, logger);
  const { port } = listener.address;
  const url = `http://${urlHost(settings.host)}:${port}/mcp`;
  const resource = settings.publicUrl?.href ?? url;
  const metadata = issuer === undefined ? undefined : describeResource(resource, issuer);
  const exchanges = new OpenExchanges();
  const serverFor = (client: string, connection: Connection) =>
    createServer({ ...server, client }, connection);
  const sessions = new KeptSessions((client) => serverFor(client, { era: 'legacy' }));
  const handler = createMcpHandler(
    (connection) => serverFor(connection.authInfo?.clientId ?? 'unknown', connection),
    { onerror: (error) => logger.info('a message was refused', { err: error }) },
  );
  const endAnnouncing = host.onListChange((what) => {
    for (const one of sessions.servers) void tellChange(one, what, logger);
    if (what === 'tools') handler.notify.toolsChanged();
    if (what === 'offers') {
      handler.notify.promptsChanged();
      handler.notify.resourcesChanged();
    }
  });
  listener.serve(
    createAnswerer({
      ...{ settings, handler, sessions, metadata, exchanges, logger },
      health: { host, logger, isDraining: () => signal.aborted },
      authenticate: createAuthenticate({
        access,
        accessTokens: issuer === undefined ? undefined : tokens?.createAccessTokens(issuer, resource),
        metadataUrl: metadata?.url,
        logger,
      }),
    }),
  );
  try {
    onListening({ url, host: settings.host, port });
    if (!signal.aborted) await once(signal, 'abort');
    listener.stopAccepting();
    await exchanges.untilNoCall(drainMs);
    if (exchanges.calls > 0) logger.warn('calls did not end in time', { calls: exchanges.calls, drainMs });
    await stopCalls();
    await handler.close();
    await sessions.close();
    await exchanges.untilNothing(farewellMs);
  } finally {
    endAnnouncing();
    await listener.close();
  }
}
