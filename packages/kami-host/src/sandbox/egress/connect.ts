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
  const addresses = await checkedAddresses(target.host, verdict, deps, signal);
  const socket = await connectToOne(addresses.slice(0, maxAddresses), target, signal);
  return target.scheme === 'https' ? secure(socket, target.host, deps.tls, signal) : socket;
}

/**
 * The addresses of a host, looked up once and all of them judged.
 * @throws HostCallError; `destination-IP-prohibited` if any address of the name may not be reached
 */
export async function checkedAddresses(
  host: string,
  verdict: Verdict,
  deps: Pick<ConnectDeps, 'lookup' | 'reachOf'>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const addresses = await addressesOf(host, deps.lookup, signal);
  signal.throwIfAborted();
  // One bad address spoils all: a name that mixes them is made to be used against the check.
  if (!addresses.every((address) => verdict.allowsAddress(address, deps.reachOf(address)))) {
    throw new HostCallError('destination-IP-prohibited');
  }
  return addresses;
}

/** Opens a connection that ends with the signal, and that must be there within so many ms. */
export async function openWithin(
  timeoutMs: number,
  signal: AbortSignal,
  open: (signal: AbortSignal) => Promise<Socket>,
): Promise<Socket> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new HostCallError('connection-timeout')), timeoutMs);
  try {
    const socket = await open(AbortSignal.any([signal, limit.signal]));
    if (signal.aborted) socket.destroy();
    else signal.addEventListener('abort', () => socket.destroy(), { once: true });
    return socket;
  } finally {
    clearTimeout(timer);
  }
}

async function addressesOf(host: string, lookup: Lookup, signal: AbortSignal): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  const found = await unlessAborted(lookup(host), signal, 'DNS-timeout');
  if (found.length === 0) throw new HostCallError('destination-not-found');
  return found.map(({ address }) => address);
}

async function connectToOne(
  addresses: readonly string[],
  { port, scheme }: HostTarget,
  signal: AbortSignal,
): Promise<Socket> {
  // The end of what a server sends is not the end of what it takes, where a guest speaks for itself.
  const options = { port, noDelay: true, autoSelectFamily: false, allowHalfOpen: scheme === 'tcp' };
  let failure = new HostCallError('destination-unavailable');
  for (const [index, address] of addresses.entries()) {
    const isLast = index === addresses.length - 1;
    const attempt = isLast ? signal : AbortSignal.any([signal, AbortSignal.timeout(attemptMs)]);
    try {
      const socket = connectTcp({ ...options, host: address });
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
