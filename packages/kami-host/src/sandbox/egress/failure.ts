import { HostCallError } from '../host-call/protocol.ts';

const byCode: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection-refused',
  ECONNRESET: 'connection-terminated',
  EPIPE: 'connection-terminated',
  ERR_STREAM_DESTROYED: 'connection-terminated',
  ERR_STREAM_PREMATURE_CLOSE: 'connection-terminated',
  ETIMEDOUT: 'connection-timeout',
  EHOSTUNREACH: 'destination-IP-unroutable',
  ENETUNREACH: 'destination-IP-unroutable',
  EADDRNOTAVAIL: 'destination-IP-unroutable',
  ENOTFOUND: 'destination-not-found',
  ENODATA: 'destination-not-found',
  EAI_AGAIN: 'DNS-error',
  HPE_HEADER_OVERFLOW: 'HTTP-response-header-section-size',
  HPE_INVALID_EOF_STATE: 'HTTP-response-incomplete',
  EPROTO: 'TLS-protocol-error',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'TLS-certificate-error',
  SELF_SIGNED_CERT_IN_CHAIN: 'TLS-certificate-error',
  UNABLE_TO_GET_ISSUER_CERT: 'TLS-certificate-error',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'TLS-certificate-error',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'TLS-certificate-error',
};
const byPrefix: readonly (readonly [prefix: string, code: string])[] = [
  ['HPE_', 'HTTP-protocol-error'],
  ['ERR_TLS_CERT', 'TLS-certificate-error'],
  ['CERT_', 'TLS-certificate-error'],
  ['ERR_SSL', 'TLS-protocol-error'],
];

/**
 * What went wrong with a connection, as the tag of a WASI error code and nothing else: messages of Node and
 * of servers may hold addresses, paths and header values.
 */
export function asFailure(error: unknown): HostCallError {
  if (error instanceof HostCallError) return error;
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  const known = Object.hasOwn(byCode, code) ? byCode[code] : undefined;
  return new HostCallError(
    known ?? byPrefix.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 'internal-error',
  );
}
