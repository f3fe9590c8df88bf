import type { HostPattern } from '../../model/host-match.ts';

/** What a call may do on the network. Complete and frozen: the broker reads nothing else. */
export interface NetworkGrant {
  readonly allow: readonly HostPattern[];
  readonly credentials: readonly Credential[];
  readonly limits: NetworkLimits;
}

/**
 * A header that the broker adds to requests for a host, so that the tool can use a key it never sees. It goes
 * out over https, or over http to this machine when the host was granted literally; nowhere else.
 */
export interface Credential {
  readonly host: HostPattern;
  readonly header: string;
  readonly value: string;
}

export interface NetworkLimits {
  /** Requests and TCP connections open at the same time: from sending until the response is read or dropped. */
  readonly maxConcurrent: number;
  /** Requests, TCP connections and lookups of names for those that one call may make. */
  readonly maxRequests: number;
  /** Body of one request, bytes. */
  readonly maxRequestBytes: number;
  /** Body of one response, bytes as they come over the wire. */
  readonly maxResponseBytes: number;
  /** One header section, of a request or a response, bytes. */
  readonly maxHeaderBytes: number;
  /** From looking up the name until the connection (TLS included) is there, ms. */
  readonly connectTimeoutMs: number;
  /** From the last byte sent until the head of the response, ms. */
  readonly firstByteTimeoutMs: number;
  /**
   * Between two chunks of a body, ms; counts only while the tool waits for one. On a TCP connection: from the last
   * byte in either direction.
   */
  readonly betweenBytesTimeoutMs: number;
}

export const defaultNetworkLimits: NetworkLimits = Object.freeze({
  maxConcurrent: 16,
  maxRequests: 1_000,
  maxRequestBytes: 16 * 1024 * 1024,
  maxResponseBytes: 64 * 1024 * 1024,
  maxHeaderBytes: 32 * 1024,
  connectTimeoutMs: 10_000,
  firstByteTimeoutMs: 30_000,
  betweenBytesTimeoutMs: 30_000,
});
