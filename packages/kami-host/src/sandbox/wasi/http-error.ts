import type * as Http from '@bytecodealliance/preview2-shim/interfaces/wasi-http-types';
import { HostCallError } from '../host-call/protocol.ts';
import { IoError } from './io.ts';

export const denied: Http.ErrorCode = Object.freeze({ tag: 'HTTP-request-denied' });

/** Error codes by how they are built from their tag: most carry nothing, some an optional detail that is left out. */
const plain = new Set<string>([
  'DNS-timeout',
  'destination-not-found',
  'destination-unavailable',
  'destination-IP-prohibited',
  'destination-IP-unroutable',
  'connection-refused',
  'connection-terminated',
  'connection-timeout',
  'connection-read-timeout',
  'connection-write-timeout',
  'connection-limit-reached',
  'TLS-protocol-error',
  'TLS-certificate-error',
  'HTTP-request-denied',
  'HTTP-request-method-invalid',
  'HTTP-request-URI-invalid',
  'HTTP-request-URI-too-long',
  'HTTP-response-incomplete',
  'HTTP-response-timeout',
  'HTTP-upgrade-failed',
  'HTTP-protocol-error',
]);
const withOptionalDetail = new Set<string>([
  'HTTP-request-body-size',
  'HTTP-request-header-section-size',
  'HTTP-response-body-size',
  'HTTP-response-header-section-size',
]);

/** What a failed request to the host is to the guest. */
export function errorCodeOf(error: unknown): Http.ErrorCode {
  if (!(error instanceof HostCallError)) throw error;
  const { code } = error;
  if (plain.has(code)) return { tag: code } as Http.ErrorCode;
  if (withOptionalDetail.has(code)) return { tag: code, val: undefined } as Http.ErrorCode;
  if (code === 'DNS-error') return { tag: 'DNS-error', val: {} };
  // The call has no broker to ask: nothing was granted.
  if (code === 'access-denied') return denied;
  if (code === 'busy') return { tag: 'connection-limit-reached' };
  return { tag: 'internal-error', val: undefined };
}

/** The error of a body's stream; `http-error-code` tells what it was. */
export class HttpIoError extends IoError {
  readonly code: Http.ErrorCode;

  constructor(code: Http.ErrorCode) {
    super();
    this.code = code;
  }

  override toDebugString(): string {
    return this.code.tag;
  }
}

export function asHttpIoError(error: unknown): HttpIoError {
  return new HttpIoError(errorCodeOf(error));
}
