import { errors, type JWTPayload, jwtVerify } from 'jose';
import type { IssuerSettings } from './http-settings.ts';
import { createIssuerKeys } from './issuer-keys.ts';

/** What came of looking at an access token. */
export type Judgement =
  | { readonly kind: 'good'; readonly subject: string }
  | { readonly kind: 'bad'; readonly why: string }
  | { readonly kind: 'too-little' }
  /** The issuer could not be asked. */
  | { readonly kind: 'unknown'; readonly cause: unknown };

export interface AccessTokens {
  readonly judge: (token: string) => Promise<Judgement>;
}

/** Public keys alone: a token that is "signed" with a text that everybody knows, or not at all, is none. */
const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];
/** For clocks that differ, s. */
const clockTolerance = 10;

/** Judges access tokens that are JWTs (RFC 9068): made by the issuer, for this server, in force, with the scopes. */
export function createAccessTokens(
  { issuer, requiredScopes, ...settings }: IssuerSettings,
  resource: string,
): AccessTokens {
  const keys = createIssuerKeys(issuer);
  const audience = settings.audience ?? sameResource(resource);
  return {
    async judge(token) {
      try {
        const options = {
          issuer,
          audience,
          algorithms,
          clockTolerance,
          requiredClaims: ['exp', 'iss', 'aud'],
        };
        const { payload } = await jwtVerify(token, keys, options);
        const scopes = new Set(scopesOf(payload));
        if (!requiredScopes.every((scope) => scopes.has(scope))) return { kind: 'too-little' };
        return { kind: 'good', subject: subjectOf(payload) };
      } catch (error) {
        const why = reasonOf(error);
        return why === undefined ? { kind: 'unknown', cause: error } : { kind: 'bad', why };
      }
    },
  };
}

/** A resource without a path is written with and without the last slash (RFC 8707). */
function sameResource(resource: string): string[] {
  return new URL(resource).pathname === '/' ? [resource, resource.replace(/\/$/, '')] : [resource];
}

/** `scope` of RFC 9068, or `scp`, as some issuers name it. */
function scopesOf({ scope, scp }: JWTPayload): readonly string[] {
  const said: unknown = scope ?? scp;
  if (Array.isArray(said)) return said.filter((word) => typeof word === 'string');
  return typeof said === 'string' ? said.split(' ') : [];
}

function subjectOf({ sub, client_id: clientId }: JWTPayload): string {
  const subject = sub ?? (typeof clientId === 'string' ? clientId : 'nobody');
  return subject.slice(0, 256);
}

/** Why a token is bad, in words that tell nobody more than they sent; undefined when it is not the token's fault. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof errors.JWTExpired) return 'The token has expired.';
  if (error instanceof errors.JWTClaimValidationFailed) {
    const known = ['aud', 'iss', 'exp', 'nbf'].find((claim) => claim === error.claim);
    return known === undefined ? 'The token is not valid.' : `The token is not valid here (${known}).`;
  }
  const isBad = [
    errors.JWSInvalid,
    errors.JWTInvalid,
    errors.JWSSignatureVerificationFailed,
    errors.JOSEAlgNotAllowed,
    errors.JOSENotSupported,
    errors.JWKSNoMatchingKey,
    errors.JWKSMultipleMatchingKeys,
  ].some((kind) => error instanceof kind);
  return isBad ? 'The token is not valid.' : undefined;
}
