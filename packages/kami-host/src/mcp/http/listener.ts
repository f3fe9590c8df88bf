import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, Server as NetServer } from 'node:net';
import { KamiError } from '../../errors/kami-error.ts';
import type { Logger } from '../../model/logger.ts';
import { isLoopback } from '../../sandbox/egress/address.ts';
import type { HttpSettings } from './http-settings.ts';

/** Where a server listens. */
export interface Listener {
  readonly address: AddressInfo;
  /** Answers requests from now on. Must be called before anything else is waited for, so that none is lost. */
  readonly serve: (onRequest: RequestListener) => void;
  /** Takes no new connection. Those that are open go on, idle ones too: a proxy may just be sending on one. */
  readonly stopAccepting: () => void;
  /** Ends every connection. */
  readonly close: () => Promise<void>;
}

/** Bounds of a connection. Time is that of whoever is slow on purpose: an honest client needs a fraction of it. */
const bounds = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 1_000,
  // Longer than proxies keep idle connections (nginx: 60 s): whoever closes first must not be the server.
  keepAliveTimeout: 75_000,
  requireHostHeader: true,
  insecureHTTPParser: false,
} as const;

/**
 * Listens for HTTP/1.1 within bounds.
 * @throws KamiError `KAMI_HTTP_ADDRESS_UNUSABLE`
 */
export async function listen(
  settings: Pick<HttpSettings, 'host' | 'port' | 'isLoopback' | 'maxConnections'>,
  logger: Logger,
): Promise<Listener> {
  const { host, port, isLoopback: mustBeLocal, maxConnections } = settings;
  const server = createServer(bounds);
  server.maxConnections = maxConnections;
  // All headers are looked at: their size is what is bounded.
  server.maxHeadersCount = 0;
  server.on('drop', () => logger.debug('a connection too many was closed', { maxConnections }));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(unusable(host, port, error))).listen({ host, port }, resolve);
  });
  server.on('error', (error) => logger.error('the listener failed', { err: error }));
  const address = server.address() as AddressInfo;
  // `localhost` is a name, and somebody may have given it another meaning.
  if (mustBeLocal && !isLoopback(address.address)) {
    server.close();
    throw unusable(host, port, new Error(`it means ${address.address}, which is not this machine alone`));
  }
  return {
    address,
    serve: (onRequest) => void server.on('request', onRequest),
    // The close of an HTTP server ends idle connections as well.
    stopAccepting: () => void NetServer.prototype.close.call(server),
    close: () => closeAll(server),
  };
}

function closeAll(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EACCES: 'this user may not listen there',
  EADDRNOTAVAIL: 'this machine does not have that address',
  ENOTFOUND: 'there is no such name',
};

function unusable(host: string, port: number, cause: Error): KamiError {
  const code = 'code' in cause ? String(cause.code) : '';
  return new KamiError('KAMI_HTTP_ADDRESS_UNUSABLE', {
    message: `KAMI can't listen on ${host}, port ${port}: ${reasons[code] ?? cause.message}.`,
    fix: 'Choose another port, or any free one with --port 0, and an address of this machine with --host.',
    cause,
    data: { host, port },
  });
}
