import { authorityOf, type HostTarget, isThisMachine, matchesHost } from '../../model/host-match.ts';
import { HostCallError } from '../host-call/protocol.ts';
import type { HeaderEntries, RequestHead } from './egress-protocol.ts';
import type { Credential, NetworkGrant } from './network-grant.ts';

/** A request's head as it goes out, checked. */
export interface CheckedHead {
  readonly method: string;
  readonly path: string;
  /** Name, value, name, value …, without those that frame the body. */
  readonly headers: readonly string[];
  /** Those whose headers are among them. */
  readonly injected: readonly Credential[];
  /** The `Content-Length` that the guest announced, bytes. */
  readonly announcedBytes: number | undefined;
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const maxPathLength = 16_384;
/** CONNECT makes a tunnel through the server, TRACE sends the request's headers back. */
const refusedMethods = new Set(['CONNECT', 'TRACE', 'TRACK']);
/** Headers of the connection, which is the broker's, and those whose answer only the sender can handle. */
const connectionHeaders = new Set([
  'connection',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Checks a head and adds what the host adds: `Host`, and the credentials for this target.
 * @throws HostCallError
 */
export function checkHead(
  { method, path, headers }: Pick<RequestHead, 'method' | 'path' | 'headers'>,
  target: HostTarget,
  { credentials, limits }: Pick<NetworkGrant, 'credentials' | 'limits'>,
): CheckedHead {
  const verb = method.length <= 32 && token.test(method) ? method : undefined;
  if (verb === undefined || refusedMethods.has(verb.toUpperCase())) {
    throw new HostCallError('HTTP-request-method-invalid');
  }
  if (path.length > maxPathLength) throw new HostCallError('HTTP-request-URI-too-long');
  if (!/^\/[\x21-\x22\x24-\x7e]*$/.test(path)) throw new HostCallError('HTTP-request-URI-invalid');

  const given = readHeaders(headers, limits.maxHeaderBytes);
  const injected = credentials.filter((credential) => goesTo(credential, target));
  const replaced = new Set(injected.map(({ header }) => header.toLowerCase()));
  const kept = given.filter(([name]) => !replaced.has(name.toLowerCase()) && !isLength(name));
  return {
    method: verb,
    path,
    headers: [
      ...['Host', authorityOf(target)],
      ...kept.flat(),
      ...injected.flatMap(({ header, value }) => [header, value]),
    ],
    injected,
    announcedBytes: announcedLength(given),
  };
}

/** Response headers of the hop between the broker and the server say nothing to the guest. */
export function endToEnd(rawHeaders: readonly string[]): HeaderEntries {
  const pairs = pairsOf(rawHeaders);
  const named = pairs
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.split(',').map((option) => option.trim().toLowerCase()));
  const dropped = new Set([...connectionHeaders, ...named]);
  return pairs
    .filter(([name]) => !dropped.has(name.toLowerCase()))
    .map(([name, value]) => [name, standalone(Buffer.from(value, 'latin1'))]);
}

/** A small Buffer is a view of a pool that it shares with others, and a message would carry the whole pool. */
function standalone(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes);
}

function pairsOf(rawHeaders: readonly string[]): readonly [name: string, value: string][] {
  return rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? '']] : []));
}

function readHeaders(headers: HeaderEntries, maxBytes: number): [name: string, value: string][] {
  let bytes = 0;
  return headers.map(([name, value]) => {
    bytes += name.length + value.length + 4;
    if (bytes > maxBytes) throw new HostCallError('HTTP-request-header-section-size');
    const isClean = token.test(name) && value.every((byte) => byte === 9 || (byte >= 32 && byte !== 127));
    if (!isClean || connectionHeaders.has(name.toLowerCase())) throw new HostCallError('HTTP-protocol-error');
    return [name, Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')];
  });
}

/** Two lengths, or one that is no number, would let two servers disagree where the request ends. */
function announcedLength(headers: readonly (readonly [string, string])[]): number | undefined {
  const lengths = headers.filter(([name]) => isLength(name)).map(([, value]) => value);
  if (lengths.length === 0) return undefined;
  const [length = ''] = lengths;
  if (lengths.length > 1 || !/^\d{1,15}$/.test(length)) throw new HostCallError('HTTP-protocol-error');
  return Number(length);
}

function isLength(name: string): boolean {
  return name.toLowerCase() === 'content-length';
}

function goesTo({ host }: Credential, target: HostTarget): boolean {
  const isSafe = target.scheme === 'https' || (host.kind === 'exact' && isThisMachine(target.host));
  return isSafe && matchesHost(host, target);
}
