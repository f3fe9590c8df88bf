import type * as Http from '@bytecodealliance/preview2-shim/interfaces/wasi-http-types';

// What can be put into a request at all. Whether it may be sent, and where to, is for the host to say.

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const schemeName = /^[a-z][a-z0-9+.-]*$/i;
/** No spaces, no control characters, no fragment. */
const pathWithQuery = /^[\x21-\x22\x24-\x7e\u0080-\u{10ffff}]*$/u;
/** RFC 3986 section 3.2; what the characters of a host mean is judged where the request is sent. */
const authorityForm = /^(?:[\w\-.~%!$&'()*+,;=:]*@)?(?:\[[0-9a-f:.]+\]|[\w\-.~%!$&'()*+,;=]+)(?::\d*)?$/i;
/** Characters; longer than any host name with a user and a port. */
const longestAuthority = 2_048;

/** RFC 9110 section 9.1. */
export function isMethod(method: Http.Method): boolean {
  return method.tag !== 'other' || token.test(method.val);
}

/** RFC 3986 section 3.1. */
export function isScheme(scheme: Http.Scheme | undefined): boolean {
  return scheme?.tag !== 'other' || schemeName.test(scheme.val);
}

export function isPathWithQuery(path: string | undefined): boolean {
  return path === undefined || pathWithQuery.test(path);
}

export function isAuthority(authority: string | undefined): boolean {
  return authority === undefined || (authority.length <= longestAuthority && authorityForm.test(authority));
}
