import { isIP } from 'node:net';
import {
  canonicalHost,
  defaultPorts,
  type HostPattern,
  type HostTarget,
  isLocalName,
  matchesHost,
  type WebScheme,
} from '../../model/host-match.ts';
import { type AddressReach, isLoopback } from './address.ts';

/** What a grant says to a target. */
export interface Verdict {
  /** The most specific pattern that allows it. */
  readonly pattern: HostPattern;
  readonly allowsAddress: (address: string, reach: AddressReach) => boolean;
}

/** Reads scheme and authority as a guest gave them; undefined when no web server can be meant. */
export function parseTarget(scheme: string, authority: string): HostTarget | undefined {
  if (scheme !== 'http' && scheme !== 'https') return undefined;
  const [, host, port] = /^(\[[^\]]*\]|[^:]*)(?::(\d{0,5}))?$/s.exec(authority) ?? [];
  const name = host === undefined ? undefined : canonicalHost(host);
  const number = port === undefined || port === '' ? defaultPorts[scheme] : Number(port);
  if (name === undefined || number < 1 || number > 65_535) return undefined;
  return { scheme: scheme satisfies WebScheme, host: name, port: number };
}

/** Whether a target was granted, and which addresses its name may then stand for. */
export function judge(allow: readonly HostPattern[], target: HostTarget): Verdict | undefined {
  const matching = allow.filter((pattern) => matchesHost(pattern, target));
  const pattern =
    matching.find(({ kind }) => kind === 'exact') ??
    matching.find(({ kind }) => kind === 'subdomains') ??
    matching[0];
  return pattern === undefined ? undefined : { pattern, allowsAddress: addressRule(pattern, target) };
}

/**
 * A granted address is that address. A granted name may belong to a network of the operator's, but never to
 * this machine, its link or a metadata service: whoever owns the name's zone chooses its addresses. A wildcard, and
 * what a profile left of one, means public hosts only.
 */
function addressRule(pattern: HostPattern, { host }: HostTarget): Verdict['allowsAddress'] {
  if (pattern.publicOnly) return (_address, reach) => reach === 'public';
  if (isIP(host) !== 0) return () => true;
  if (isLocalName(host)) return isLoopback;
  return (_address, reach) => reach !== 'special';
}
