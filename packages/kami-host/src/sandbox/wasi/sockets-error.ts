import type { ErrorCode } from '@bytecodealliance/preview2-shim/interfaces/wasi-sockets-network';
import { HostCallError } from '../host-call/protocol.ts';
import { IoError } from './io.ts';

/** What the host says of a connection or a lookup, and what it is to the guest. */
const byCode: Readonly<Record<string, ErrorCode>> = {
  'access-denied': 'access-denied',
  'tcp-denied': 'access-denied',
  'destination-IP-prohibited': 'access-denied',
  busy: 'new-socket-limit',
  'connection-limit-reached': 'new-socket-limit',
  'connection-refused': 'connection-refused',
  'connection-terminated': 'connection-reset',
  'connection-timeout': 'timeout',
  'destination-unavailable': 'remote-unreachable',
  'destination-IP-unroutable': 'remote-unreachable',
  'destination-not-found': 'name-unresolvable',
  'DNS-error': 'temporary-resolver-failure',
  'DNS-timeout': 'temporary-resolver-failure',
};

/** What a failed request to the host is to the guest. */
export function socketErrorCode(error: unknown): ErrorCode {
  if (!(error instanceof HostCallError)) throw error;
  return (Object.hasOwn(byCode, error.code) ? byCode[error.code] : undefined) ?? 'unknown';
}

/** Whether the call has no service that could say yes: nobody but the worker knows of the refusal then. */
export function isUnheard(error: unknown): boolean {
  return error instanceof HostCallError && error.code === 'access-denied';
}

/** What a stream of a connection ended with. */
export class SocketIoError extends IoError {
  readonly code: ErrorCode;

  constructor(error: unknown) {
    super();
    this.code = socketErrorCode(error);
  }

  override toDebugString(): string {
    return this.code;
  }
}
