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
  let keys: Promise<JWTVerifyGetKey> | undefined;
  let failed: { readonly at: number; readonly error: unknown } | undefined;

  return async (header, token) => {
    if (failed !== undefined && performance.now() - failed.at < restMs) throw failed.error;
    keys ??= discover(issuer).then(remoteKeys);
    let found: JWTVerifyGetKey;
    try {
      found = await keys;
    } catch (error) {
      keys = undefined;
      failed = { at: performance.now(), error };
      throw error;
    }
    return found(header, token);
  };

  function remoteKeys(url: URL): JWTVerifyGetKey {
    return createRemoteJWKSet(url, {
      [customFetch]: async () => {
        try {
          return Response.json(await fetchJson(url));
        } catch (error) {
          failed = { at: performance.now(), error };
          throw error;
        }
      },
    });
  }
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
