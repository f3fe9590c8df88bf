import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type SecureContextOptions, type TLSSocket } from 'node:tls';
import type { HostTarget } from '../../model/host-match.ts';
import { HostCallError } from '../host-call/protocol.ts';
import type { AddressReach } from './address.ts';
import { asFailure } from './failure.ts';
import type { Verdict } from './judge.ts';
import type { Lookup } from './lookup.ts';

export interface ConnectDeps {
  readonly lookup: Lookup;
  readonly reachOf: (address: string) => AddressReach;
  /** Certificate authorities in the place of the usual ones. */
  readonly tls: Pick<SecureContextOptions, 'ca'>;
}

/** Addresses of one name that are tried. */
const maxAddresses = 4;
/** After so many ms without an answer the next address of a name gets its turn. */
const attemptMs = 2_000;

/**
 * Connects to a target: looks its name up once, judges every address, and connects to one of those, by number.
 * Nothing of it uses proxy variables, a pool, or a second lookup.
 * @throws HostCallError; `destination-IP-prohibited` if any address of the name may not be reached
 */
export async function connect(
  target: HostTarget,
  verdict: Verdict,
  deps: ConnectDeps,
  signal: AbortSignal,
): Promise<Socket> {
  const addresses = await addressesOf(target.host, deps.lookup, signal);
  signal.throwIfAborted();
  // One bad address spoils all: a name that mixes them is made to be used against the check.
  if (!addresses.every((address) => verdict.allowsAddress(address, deps.reachOf(address)))) {
    throw new HostCallError('destination-IP-prohibited');
  }
  const socket = await connectToOne(addresses.slice(0, maxAddresses), target.port, signal);
  return target.scheme === 'https' ? secure(socket, target.host, deps.tls, signal) : socket;
}

async function addressesOf(host: string, lookup: Lookup, signal: AbortSignal): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  const found = await unlessAborted(lookup(host), signal, 'DNS-timeout');
  if (found.length === 0) throw new HostCallError('destination-not-found');
  return found.map(({ address }) => address);
}

async function connectToOne(
  addresses: readonly string[],
  port: number,
  signal: AbortSignal,
): Promise<Socket> {
  let failure = new HostCallError('destination-unavailable');
  for (const [index, address] of addresses.entries()) {
    const isLast = index === addresses.length - 1;
    const attempt = isLast ? signal : AbortSignal.any([signal, AbortSignal.timeout(attemptMs)]);
    try {
      const socket = connectTcp({ host: address, port, noDelay: true, autoSelectFamily: false });
      return await established(socket, 'connect', attempt);
    } catch (error) {
      signal.throwIfAborted();
      failure = asFailure(error);
    }
  }
  throw failure;
}

function secure(
  socket: Socket,
  host: string,
  { ca }: ConnectDeps['tls'],
  signal: AbortSignal,
): Promise<TLSSocket> {
  const isAddress = isIP(host) !== 0;
  const secured = connectTls({
    socket,
    // Both name the server that its certificate must be for; an address is no server name (RFC 6066 section 3).
    host,
    ...(isAddress ? {} : { servername: host }),
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca }),
  });
  return established(secured, 'secureConnect', signal);
}

/** Waits until a socket can be used. A socket that never can is destroyed. */
function established<T extends Socket>(socket: T, event: string, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => socket.destroy(signal.reason instanceof Error ? signal.reason : undefined);
    // Stays for good: a socket may fail when nobody reads or writes, and an error without a listener ends Node.
    socket.on('error', reject);
    socket.once('close', () => reject(new HostCallError('connection-terminated')));
    signal.addEventListener('abort', abort, { once: true });
    socket.once(event, () => {
      signal.removeEventListener('abort', abort);
      resolve(socket);
    });
  });
}

/** A lookup can't be called back; its answer is ignored when it comes too late. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal, code: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(new HostCallError(code));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work
      .then(resolve, (error: unknown) => reject(asFailure(error)))
      .finally(() => {
        signal.removeEventListener('abort', abort);
      });
  });
}
