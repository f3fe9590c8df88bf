import { HostCallError } from '../host-call/protocol.ts';
import type { HeaderEntries, RequestHead } from './egress-protocol.ts';
import type { ShutdownSide, TcpEndpoint } from './tcp-protocol.ts';

/** What an honest worker never sends. It says nothing to whoever did. */
const malformed = () => new HostCallError('internal-error');
const maxHeaders = 1_024;
const maxTextLength = 65_536;
const maxTimeoutMs = 2 ** 31 - 1;

/** @throws HostCallError */
export function parseRequestHead(args: unknown): RequestHead {
  const { method, scheme, authority, path, headers, hasBody, timeouts } = record(args);
  const { connectMs, firstByteMs, betweenBytesMs } = record(timeouts);
  return {
    method: text(method),
    scheme: text(scheme),
    authority: text(authority),
    path: text(path),
    headers: headerEntries(headers),
    hasBody: hasBody === true,
    timeouts: {
      connectMs: timeout(connectMs),
      firstByteMs: timeout(firstByteMs),
      betweenBytesMs: timeout(betweenBytesMs),
    },
  };
}

/** @throws HostCallError */
export function parseRequestId(args: unknown): number {
  const { request } = record(args);
  if (!Number.isSafeInteger(request)) throw malformed();
  return request as number;
}

/** @throws HostCallError */
export function parseChunk(args: unknown, maxBytes: number): Uint8Array {
  const { chunk } = record(args);
  if (!isBytes(chunk) || chunk.length > maxBytes) throw malformed();
  return chunk;
}

/** @throws HostCallError */
export function parseReadSize(args: unknown): number {
  const { maxBytes } = record(args);
  if (!Number.isSafeInteger(maxBytes) || (maxBytes as number) < 1) throw malformed();
  return maxBytes as number;
}

/** @throws HostCallError */
export function parseSocketId(args: unknown): number {
  const { socket } = record(args);
  if (!Number.isSafeInteger(socket)) throw malformed();
  return socket as number;
}

/** @throws HostCallError */
export function parseName(args: unknown): string {
  return text(record(args).name);
}

/** @throws HostCallError */
export function parseEndpoint(args: unknown): TcpEndpoint {
  const { address, port } = record(args);
  if (!Number.isSafeInteger(port)) throw malformed();
  return { address: text(address), port: port as number };
}

/** @throws HostCallError */
export function parseShutdown(args: unknown): ShutdownSide {
  const { side } = record(args);
  if (side !== 'receive' && side !== 'send' && side !== 'both') throw malformed();
  return side;
}

function headerEntries(value: unknown): HeaderEntries {
  if (!Array.isArray(value) || value.length > maxHeaders) throw malformed();
  return value.map((entry: unknown) => {
    if (!Array.isArray(entry) || entry.length !== 2) throw malformed();
    const [name, bytes] = entry as [unknown, unknown];
    if (!isBytes(bytes)) throw malformed();
    return [text(name), bytes];
  });
}

function timeout(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !(value >= 0)) throw malformed();
  return Math.min(value, maxTimeoutMs);
}

function text(value: unknown): string {
  if (typeof value !== 'string' || value.length > maxTextLength) throw malformed();
  return value;
}

/** Shared memory could change between check and use. */
function isBytes(value: unknown): value is Uint8Array<ArrayBuffer> {
  return value instanceof Uint8Array && value.buffer instanceof ArrayBuffer;
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw malformed();
  return value as Record<string, unknown>;
}
