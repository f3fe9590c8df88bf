import type { IncomingMessage } from 'node:http';
import type { HttpSettings } from './http-settings.ts';
import { urlHost } from './http-settings.ts';

/** What a request says about itself that decides whether it is looked at. */
export interface Site {
  /** Without the query. */
  readonly path: string;
  /** The page in a browser that sent it; undefined when no other page did. */
  readonly origin: string | undefined;
}

/** Why a request is refused before anything else is looked at. */
export interface SiteRefusal {
  readonly status: 400 | 403;
  readonly message: string;
}

/** Headers that decide about a request. Two of one kind would leave it open which one holds. */
const decisive = new Set(['host', 'origin', 'authorization', 'content-type', 'mcp-session-id']);

/**
 * Lets through what is addressed to this server by a name that is its own, from no web page or an allowed one
 * (MCP, Streamable HTTP, "Security Warning"). A page that made its own name point here (DNS rebinding) sends that name.
 * An address as Host is right when the connection came in on it: behind it there is no name that could be rebound.
 */
export function checkSite(
  { url = '', headers, rawHeaders, socket }: IncomingMessage,
  { allowedHosts, allowedOrigins }: Pick<HttpSettings, 'allowedHosts' | 'allowedOrigins'>,
): Site | SiteRefusal {
  const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  if (names.some((name, index) => decisive.has(name) && names.indexOf(name) !== index)) {
    return { status: 400, message: 'A header is there twice.' };
  }
  if (!url.startsWith('/')) return { status: 400, message: 'The target of the request must be a path.' };
  const host = (headers.host ?? '').toLowerCase();
  const [, name = ''] = /^([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/.exec(host) ?? [];
  const own = urlHost((socket.localAddress ?? '').replace(/^::ffff:(?=\d+\.)/, ''));
  if (name === '' || (name !== own && !allowedHosts.has(name))) {
    return { status: 403, message: 'This server is not reached by that name (Host).' };
  }
  const origin = headers.origin?.toLowerCase();
  const isForeign = origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`;
  if (isForeign && !allowedOrigins.has(origin)) {
    return { status: 403, message: 'Web pages of that origin may not call this server.' };
  }
  const [path = ''] = url.split('?', 1);
  return { path, origin: isForeign ? headers.origin : undefined };
}
