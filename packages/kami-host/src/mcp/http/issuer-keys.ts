import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import { isJsonObject } from '../../model/json.ts';
import { fetchJson } from './fetch-json.ts';
import { isSafeUrl } from './http-settings.ts';

/** After a failure the issuer is left alone for so long, whatever tokens come, ms. */
const restMs = 5_000;

/**
 * The public keys of an issuer, found through its metadata (RFC 8414, or OpenID Connect Discovery) when the first
 * token comes. An unknown key id makes them be fetched again, once in 30 s at most.
 * @throws Error from the function that is returned, when the issuer does not answer as it should
 */
export function createIssuerKeys(issuer: string): JWTVerifyGetKey {
  const ask = restAfterFailure();
  let keys: Promise<JWTVerifyGetKey> | undefined;

  async function find(): Promise<JWTVerifyGetKey> {
    const url = await ask(() => discover(issuer));
    const fetchKeys = () => ask(async () => Response.json(keySet(await fetchJson(url))));
    return createRemoteJWKSet(url, { [customFetch]: fetchKeys });
  }

  return async (header, token) => {
    keys ??= find().catch((error: unknown) => {
      keys = undefined;
      throw error;
    });
    return (await keys)(header, token);
  };
}

/** Runs what is asked of a server; for a while after a failure it fails again without asking. */
function restAfterFailure(): <T>(work: () => Promise<T>) => Promise<T> {
  let failed: { readonly at: number; readonly error: unknown } | undefined;
  return async (work) => {
    if (failed !== undefined && performance.now() - failed.at < restMs) throw failed.error;
    try {
      return await work();
    } catch (error) {
      failed = { at: performance.now(), error };
      throw error;
    }
  };
}

async function discover(issuer: string): Promise<URL> {
  const problems: unknown[] = [];
  for (const url of metadataUrls(issuer)) {
    try {
      return keysUrl(await fetchJson(url), issuer);
    } catch (error) {
      problems.push(error);
    }
  }
  throw new AggregateError(
    problems,
    `the metadata of ${issuer} can't be used: ${problems.map(String).join('; ')}`,
  );
}

/** RFC 8414, section 3.1, puts the well-known part before the path, OpenID Connect behind it. */
function metadataUrls(issuer: string): readonly URL[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    new URL(`${origin}/.well-known/oauth-authorization-server${path}`),
    new URL(`${origin}${path}/.well-known/openid-configuration`),
  ];
}

function keysUrl(metadata: unknown, issuer: string): URL {
  if (!isJsonObject(metadata) || metadata.issuer !== issuer) {
    throw new Error(`it does not name the issuer as http.issuer does (${issuer})`);
  }
  const { jwks_uri: place } = metadata;
  if (typeof place !== 'string' || !URL.canParse(place) || !isSafeUrl(new URL(place))) {
    throw new Error('its jwks_uri is no https URL');
  }
  return new URL(place);
}

function keySet(document: unknown): unknown {
  if (isJsonObject(document) && Array.isArray(document.keys) && document.keys.every(isJsonObject)) {
    return document;
  }
  throw new Error('what is at its jwks_uri is no set of keys');
}
