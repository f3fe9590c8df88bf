import { isIP, isIPv4 } from 'node:net';
import { hostPattern } from './host-pattern.ts';

export type WebScheme = 'http' | 'https';
/** `tcp` is raw TCP: always with a port, and apart from everything that speaks HTTP. */
export type Scheme = WebScheme | 'tcp';

/**
 * A host pattern taken apart, ready to be matched. Without a scheme it means https, and for this machine itself
 * (`localhost`, 127.0.0.0/8, `[::1]`) http as well. Without a port it means the default port of the scheme. Raw TCP
 * is meant by `tcp` alone, with an exact host and a port.
 */
export interface HostPattern {
  /** As it was granted, in lower case. */
  readonly text: string;
  readonly kind: 'exact' | 'subdomains' | 'any';
  readonly scheme: Scheme | undefined;
  /** Canonical host, suffix without `*.`, or empty for `*`. */
  readonly host: string;
  readonly port: number | undefined;
  /** Names may stand for public addresses alone: so of every wildcard, and of what is left of one. */
  readonly publicOnly: boolean;
}

/** Where a request or a connection goes, in canonical form: what is judged is what will be connected to. */
export interface HostTarget {
  readonly scheme: Scheme;
  /** Lower-case name without a final dot, or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

export const defaultPorts: Readonly<Record<WebScheme, number>> = { http: 80, https: 443 };

/** Takes a pattern of `net_allow_list` apart; undefined when `hostPattern` would refuse it. */
export function parseHostPattern(text: string): HostPattern | undefined {
  const checked = hostPattern(text);
  if (!checked.ok) return undefined;
  const [, scheme, host = '', port] =
    /^(?:(https?|tcp):\/\/)?(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(checked.value) ?? [];
  const kind = host === '*' ? 'any' : host.startsWith('*.') ? 'subdomains' : 'exact';
  const named = kind === 'any' ? '' : kind === 'subdomains' ? host.slice(2) : canonicalHost(host);
  if (named === undefined) return undefined;
  return Object.freeze({
    text: checked.value,
    kind,
    scheme: scheme as Scheme | undefined,
    host: named,
    port: port === undefined ? undefined : Number(port),
    publicOnly: kind !== 'exact',
  });
}

export function matchesHost(pattern: HostPattern, { scheme, host, port }: HostTarget): boolean {
  return (
    matchesName(pattern, host) && isMeant(pattern, scheme) && port === (pattern.port ?? defaultPort(scheme))
  );
}

/**
 * What two patterns both allow, under the text of the first; undefined when neither lies within the other. Where one of
 * them means public addresses alone, so does the result: `api.example.com` out of `*.example.com` reaches no private one.
 */
export function narrowPattern(granted: HostPattern, within: HostPattern): HostPattern | undefined {
  const narrower = coversPattern(granted, within) ? within : granted;
  if (narrower === granted && !coversPattern(within, granted)) return undefined;
  return Object.freeze({
    ...narrower,
    text: granted.text,
    publicOnly: granted.publicOnly || within.publicOnly,
  });
}

/** Whether every target of `inner` is one of `outer`; addresses are not looked at. */
export function coversPattern(outer: HostPattern, inner: HostPattern): boolean {
  return (
    coversName(outer, inner) &&
    schemes.every(
      (scheme) =>
        !isMeant(inner, scheme) ||
        (isMeant(outer, scheme) &&
          (outer.port ?? defaultPort(scheme)) === (inner.port ?? defaultPort(scheme))),
    )
  );
}

function coversName(outer: HostPattern, inner: HostPattern): boolean {
  if (outer.kind === 'any') return true;
  if (inner.kind === 'exact') return matchesName(outer, inner.host);
  return (
    outer.kind === 'subdomains' && inner.kind === 'subdomains' && `.${inner.host}`.endsWith(`.${outer.host}`)
  );
}

const schemes: readonly Scheme[] = ['http', 'https', 'tcp'];

/** A pattern that names no scheme means https, and one that names this machine http too. */
function isMeant({ scheme: named, kind, host }: HostPattern, scheme: Scheme): boolean {
  if (named !== undefined) return scheme === named;
  return scheme === 'https' || (scheme === 'http' && kind === 'exact' && isThisMachine(host));
}

function defaultPort(scheme: Scheme): number | undefined {
  return scheme === 'tcp' ? undefined : defaultPorts[scheme];
}

/** Whether a canonical host names this machine by itself, whatever a resolver says. */
export function isThisMachine(host: string): boolean {
  return isLocalName(host) || (isIPv4(host) && host.startsWith('127.')) || host === '::1';
}

/** `localhost` and the names below it belong to the loopback interface (RFC 6761 section 6.3). */
export function isLocalName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}

/** A target as an origin, such as `https://api.example.com`, with the port when it is not the scheme's own. */
export function originOf({ scheme, host, port }: HostTarget): string {
  return `${scheme}://${authorityOf({ scheme, host, port })}`;
}

/** Host and port as a `Host` header has them. */
export function authorityOf({ scheme, host, port }: HostTarget): string {
  const name = isIP(host) === 6 ? `[${host}]` : host;
  return port === defaultPort(scheme) ? name : `${name}:${port}`;
}

/**
 * A host in the one form that everything is compared in, by the rules of URL parsers: lower case, punycode,
 * no percent-encoding, no final dot, addresses in their shortest form, IPv4-mapped IPv6 as IPv4.
 * Undefined for what is no host.
 */
export function canonicalHost(text: string): string | undefined {
  if (text === '' || /[@/?#\\:\s]/.test(text.startsWith('[') ? text.replaceAll(':', '') : text))
    return undefined;
  const url = URL.parse(`http://${text}/`);
  if (url === null || url.username !== '' || url.password !== '' || url.port !== '') return undefined;
  const { hostname } = url;
  if (hostname.startsWith('[')) return withoutMapping(hostname.slice(1, -1));
  const name = hostname.endsWith('.') ? hostname.slice(0, -1) : hostname;
  const isName = name.length <= 253 && /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/.test(name);
  return isName ? name : undefined;
}

/** `::ffff:7f00:1`, as URL parsers write it, is 127.0.0.1 for every socket. */
function withoutMapping(address: string): string {
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address);
  if (mapped === null) return address;
  const [high, low] = [mapped[1], mapped[2]].map((part) => Number.parseInt(part ?? '', 16)) as [
    number,
    number,
  ];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

function matchesName({ kind, host: named }: HostPattern, host: string): boolean {
  if (kind === 'any') return true;
  return kind === 'exact' ? host === named : isIP(host) === 0 && host.endsWith(`.${named}`);
}
