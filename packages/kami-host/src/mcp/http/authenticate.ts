import type { Logger } from '../../model/logger.ts';
import type { AccessTokens } from './access-tokens.ts';
import { isSameToken } from './bearer-token.ts';
import type { Access } from './http-settings.ts';
import type { Refusal } from './refuse.ts';

/** Who calls. */
export interface Caller {
  /** The subject of the token, or the address where all share one token: calls of different clients take turns. */
  readonly client: string;
}

export type Authenticate = (authorization: string | undefined, address: string) => Promise<Caller | Refusal>;

export interface AuthenticateDeps {
  readonly access: Access;
  /** With an issuer. */
  readonly accessTokens: AccessTokens | undefined;
  /** Where the metadata of this resource is; with an issuer. */
  readonly metadataUrl: string | undefined;
  readonly logger: Logger;
}

/** Finds out who calls from the Authorization header (RFC 6750, section 2.1); tokens in URLs and bodies are not looked at. */
export function createAuthenticate(deps: AuthenticateDeps): Authenticate {
  const { access, accessTokens, metadataUrl, logger } = deps;
  if (access.kind === 'open') return async (_authorization, address) => ({ client: `address ${address}` });

  const scope = access.issuer?.requiredScopes.join(' ') ?? '';
  const challenge = (status: 401 | 403, message: string, error?: string): Refusal => {
    const parts = [
      ...(error === undefined ? [] : [`error="${error}"`, `error_description="${message}"`]),
      ...(scope === '' ? [] : [`scope="${scope}"`]),
      ...(metadataUrl === undefined ? [] : [`resource_metadata="${metadataUrl}"`]),
    ];
    const header = ['Bearer realm="kami"', ...parts].join(', ');
    return { status, message, headers: { 'WWW-Authenticate': header } };
  };

  return async (authorization, address) => {
    // RFC 6750, section 3.1: who sent no token is not told of an error.
    if (authorization === undefined) return challenge(401, 'A bearer token is needed.');
    const [, sent] = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(authorization) ?? [];
    if (sent === undefined) return challenge(401, 'The header holds no bearer token.', 'invalid_token');
    if (access.token !== undefined && isSameToken(sent, access.token.value)) {
      return { client: `address ${address}` };
    }
    if (accessTokens === undefined) return challenge(401, 'The token is not the right one.', 'invalid_token');
    const judged = await accessTokens.judge(sent);
    switch (judged.kind) {
      case 'good':
        return { client: `subject ${judged.subject}` };
      case 'bad':
        return challenge(401, judged.why, 'invalid_token');
      case 'too-little':
        return challenge(403, 'The token does not have the scopes that are needed.', 'insufficient_scope');
      case 'unknown':
        logger.warn('a token could not be judged', { err: judged.cause });
        return {
          status: 503,
          message: 'The authorization server can not be asked about the token. Send it again later.',
          headers: { 'Retry-After': '5' },
        };
    }
  };
}
