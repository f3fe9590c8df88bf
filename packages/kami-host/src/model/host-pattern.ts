import { isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import { accepted, type Check, type Checked, refused } from './toml/checks.ts';
import { tomlString } from './toml/write.ts';

const form = 'a host such as "api.example.com", "*.example.com", "https://api.example.com:8443", or "*"';
const tcpForm = 'one exact host and its port, since it is raw TCP';
const tcpExample = '"tcp://db.example.com:5432"';
const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * A pattern of `net_allow_list`: an exact host, `*.suffix` (its sub-domains), or `*`, each with an optional
 * `http://` or `https://` before and `:port` behind. `tcp://host:port`, an exact host and a port, is raw TCP, which
 * no other pattern opens. The value is the pattern in lower case.
 */
export const hostPattern: Check<string> = (value) => {
  if (typeof value !== 'string' || value === '') return refused(form, '"api.example.com"');
  if (value.length > 300) return refused('at most 300 characters long');
  const [, scheme, rest = ''] = /^(?:([^/:]*):\/\/)?(.*)$/s.exec(value.toLowerCase()) ?? [];
  if (scheme !== undefined && !/^(https?|tcp)$/.test(scheme)) {
    return refused('without a scheme, or with http://, https:// or tcp://', suggest(undefined, rest));
  }
  if (/[/?#]/.test(rest)) return refused('a host without a path', suggest(scheme, rest));
  if (rest.includes('@')) return refused('a host without user name', suggest(scheme, rest));
  if (/\s/.test(rest)) return refused('a host without spaces', suggest(scheme, rest.replaceAll(/\s/g, '')));
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(rest) ?? [];
  if (port !== undefined && !isPort(port))
    return refused('with a port from 1 to 65535', suggest(scheme, host));
  if (scheme === 'tcp' && (port === undefined || host.includes('*'))) {
    return refused(tcpForm, tcpExample);
  }
  const problem = host === '*' ? undefined : hostProblem(host.startsWith('*.') ? host.slice(2) : host);
  // What else could be meant is said as a pattern for the web, which raw TCP is not.
  if (problem !== undefined)
    return scheme === 'tcp' && !problem.ok ? refused(problem.must, tcpExample) : problem;
  if (host.startsWith('*.') && isAddressLike(host)) return refused('an address without a wildcard');
  return accepted(`${scheme === undefined ? '' : `${scheme}://`}${rest}`);
};

function hostProblem(host: string): Checked<never> | undefined {
  if (host.startsWith('[')) {
    const isAddress = isIPv6(host.slice(1, -1)) && !host.includes('%');
    return isAddress ? undefined : refused('an IPv6 address in brackets, without a zone', '"[::1]"');
  }
  if (host.includes('*'))
    return refused('a host with "*" only alone or as "*." at its start', wildcard(host));
  if (host.endsWith('.')) return refused('a host without a dot at its end', suggest(undefined, host));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this asks for anything beyond ASCII
  if (/[^\x00-\x7f]/.test(host)) {
    return refused('a host in its ASCII form (punycode)', suggest(undefined, domainToASCII(host)));
  }
  if (host.length > 253 || !host.split('.').every((part) => label.test(part))) return refused(form);
  if (isAddressLike(host) && !isDottedQuad(host)) {
    return refused('a host name, or an IPv4 address as four decimal numbers');
  }
  return undefined;
}

/** URL parsers take a name whose last part is a number for an IPv4 address, whatever it looks like. */
function isAddressLike(host: string): boolean {
  return /^(\d+|0x[0-9a-f]*)$/.test(host.split('.').at(-1) ?? '');
}

function isDottedQuad(host: string): boolean {
  const parts = host.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

function isPort(text: string): boolean {
  return /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535;
}

/** What was probably meant: the same without path, user name and final dot; nothing when that is no pattern either. */
function suggest(scheme: string | undefined, rest: string): string | undefined {
  const host = rest
    .replace(/[/?#].*$/s, '')
    .replace(/^.*@/s, '')
    .replace(/\.+$/, '');
  const meant = `${scheme === undefined ? '' : `${scheme}://`}${host}`;
  return host !== '' && hostPattern(meant).ok ? tomlString(meant) : undefined;
}

/** `*example.com` and `**.example.com` mean `*.example.com`. */
function wildcard(host: string): string | undefined {
  const suffix = host.replace(/^[*.]+/, '');
  return suffix === '' || suffix.includes('*') ? undefined : suggest(undefined, `*.${suffix}`);
}
