import type { ConfigValues } from '../../config/config.ts';
import { KamiError } from '../../errors/kami-error.ts';
import { isLoopback } from '../../sandbox/egress/address.ts';
import type { BearerToken } from './bearer-token.ts';

/** The authorization server whose tokens are taken. */
export interface IssuerSettings {
  /** As it names itself. */
  readonly issuer: string;
  /** What a token must be made for; undefined: the URL of this server. */
  readonly audience: string | undefined;
  readonly requiredScopes: readonly string[];
}

/** Who may call. `open` is for this machine alone. */
export type Access =
  | { readonly kind: 'open' }
  | {
      readonly kind: 'guarded';
      readonly token: BearerToken | undefined;
      readonly issuer: IssuerSettings | undefined;
    };

/** How the server is reached and by whom: checked, and frozen. */
export interface HttpSettings {
  /** To listen on: a name, or an address without brackets. */
  readonly host: string;
  /** 0: any. */
  readonly port: number;
  readonly isLoopback: boolean;
  /** Lower case, without port; IPv6 in brackets. */
  readonly allowedHosts: ReadonlySet<string>;
  /** Lower case. */
  readonly allowedOrigins: ReadonlySet<string>;
  /** Where clients reach the server, when that is not its own address. */
  readonly publicUrl: URL | undefined;
  readonly access: Access;
  readonly maxConnections: number;
  readonly drainMs: number;
}

/**
 * Makes sense of the settings. Without a token of the operator's, and without an issuer, `makeToken` gives one.
 * @throws KamiError `KAMI_HTTP_AUTH_REQUIRED`, `KAMI_CONFIG_INVALID`, `KAMI_USAGE`
 */
export function resolveHttpSettings(
  http: ConfigValues['http'],
  given: { readonly auth: boolean; readonly token: BearerToken | undefined },
  makeToken: () => BearerToken,
): HttpSettings {
  const host = withoutBrackets(http.host).toLowerCase();
  const isLocal = isLoopbackHost(host);
  const publicUrl =
    http.publicUrl === undefined ? undefined : parseServerUrl('http.public_url', http.publicUrl);
  const issuer = issuerOf(http, isLocal || publicUrl !== undefined);
  if (!given.auth) {
    if (!isLocal) throw authRequired(host);
    if (issuer !== undefined || given.token !== undefined) throw contradiction();
  }
  const token = given.token ?? (issuer === undefined ? makeToken() : undefined);
  return Object.freeze({
    host,
    port: http.port,
    isLoopback: isLocal,
    allowedHosts: allowedHosts(http.allowedHosts, [host, publicUrl?.hostname]),
    allowedOrigins: allowedOrigins(http.allowedOrigins),
    publicUrl,
    access: Object.freeze(given.auth ? { kind: 'guarded', token, issuer } : { kind: 'open' }),
    maxConnections: http.maxConnections,
    drainMs: http.drainSecs * 1_000,
  });
}

/** An address as it is written in a URL. */
export function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** https, or http on this machine: tokens travel there. */
export function isSafeUrl(url: URL): boolean {
  const isLocal = isLoopbackHost(withoutBrackets(url.hostname));
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLocal);
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

/** To listen on, all addresses of the machine; to ask for, none. */
function isEverywhere(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || isLoopback(host);
}

function issuerOf(http: ConfigValues['http'], isReachedByKnownUrl: boolean): IssuerSettings | undefined {
  const { issuer, audience, requiredScopes } = http;
  if (issuer === undefined) return undefined;
  if (!isSafeUrl(parseServerUrl('http.issuer', issuer))) {
    throw invalid(
      'http.issuer',
      issuer,
      'an https URL (http only on this machine)',
      'http.issuer = "https://login.example.com"',
    );
  }
  if (!isReachedByKnownUrl) {
    throw new KamiError('KAMI_CONFIG_INVALID', {
      message:
        'With http.issuer, tokens are made for the URL of this server, and http.public_url does not say which it is.',
      fix: 'Say how clients reach the server: --public-url https://mcp.example.com/mcp',
    });
  }
  return Object.freeze({ issuer, audience, requiredScopes: Object.freeze(words(requiredScopes, /\s+/)) });
}

function allowedHosts(list: string | undefined, own: readonly (string | undefined)[]): ReadonlySet<string> {
  const hosts = new Set(['localhost', '127.0.0.1', '[::1]']);
  for (const host of own) {
    if (host !== undefined && !isEverywhere(host)) hosts.add(urlHost(withoutBrackets(host)));
  }
  for (const word of words(list, /,/)) {
    if (!/^(?:[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])$/i.test(word)) {
      throw invalid(
        'http.allowed_hosts',
        word,
        'host names without scheme and port, separated by commas',
        'http.allowed_hosts = "mcp.example.com"',
      );
    }
    hosts.add(word.toLowerCase());
  }
  return hosts;
}

function allowedOrigins(list: string | undefined): ReadonlySet<string> {
  const origins = new Set<string>();
  for (const word of words(list, /,/)) {
    if (!/^[a-z][a-z0-9+.-]*:\/\/[a-z0-9.:[\]-]+$/i.test(word)) {
      throw invalid(
        'http.allowed_origins',
        word,
        'origins (scheme, host, and port where it is not the usual one), separated by commas',
        'http.allowed_origins = "https://app.example.com"',
      );
    }
    origins.add(word.toLowerCase());
  }
  return origins;
}

function words(list: string | undefined, separator: RegExp): string[] {
  return (list ?? '')
    .split(separator)
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function parseServerUrl(key: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && !/[?#]/.test(text)) {
    return url;
  }
  const must = 'an http or https URL without user, query and fragment';
  throw invalid(key, text, must, `${key} = "https://mcp.example.com/mcp"`);
}

function invalid(key: string, text: string, must: string, example: string): KamiError {
  return new KamiError('KAMI_CONFIG_INVALID', {
    message: `${key} has ${JSON.stringify(text)}, but it must be ${must}.`,
    fix: `Correct it (kami config shows where it comes from), for example: ${example}`,
  });
}

function authRequired(host: string): KamiError {
  return new KamiError('KAMI_HTTP_AUTH_REQUIRED', {
    message: `--no-auth is for this machine alone, but the server would listen on ${host}, where others reach it.`,
    fix: 'Leave --no-auth out (a token is made and shown), or listen on this machine alone: --host 127.0.0.1',
    data: { host },
  });
}

function contradiction(): KamiError {
  return new KamiError('KAMI_USAGE', {
    message: '--no-auth lets everybody in, but a token or an issuer is set too.',
    fix: 'Leave --no-auth out, or take away what is set: KAMI_HTTP_TOKEN, http.token_file, http.issuer',
  });
}
