import type { IssuerSettings } from './http-settings.ts';

const wellKnown = '/.well-known/oauth-protected-resource';

/** What clients learn about where to get a token (RFC 9728). */
export interface ResourceMetadata {
  /** Where the document is, for `WWW-Authenticate`. */
  readonly url: string;
  readonly isAt: (path: string) => boolean;
  readonly document: Readonly<Record<string, unknown>>;
}

/** @param resource the URL by which clients reach the server */
export function describeResource(
  resource: string,
  { issuer, requiredScopes }: IssuerSettings,
): ResourceMetadata {
  const { origin, pathname } = new URL(resource);
  const path = `${wellKnown}${pathname === '/' ? '' : pathname}`;
  return {
    url: `${origin}${path}`,
    isAt: (asked) => asked === path || asked === wellKnown,
    document: {
      resource,
      authorization_servers: [issuer],
      bearer_methods_supported: ['header'],
      resource_name: 'KAMI',
      ...(requiredScopes.length === 0 ? {} : { scopes_supported: requiredScopes }),
    },
  };
}
