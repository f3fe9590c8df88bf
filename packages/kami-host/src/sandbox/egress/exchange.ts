import { type ClientRequest, type IncomingMessage, request as sendRequest } from 'node:http';
import type { Socket } from 'node:net';
import { HostCallError } from '../host-call/protocol.ts';
import { openWithin } from './connect.ts';
import { type BodyPart, maxChunkBytes, type RequestHead, type ResponseHead } from './egress-protocol.ts';
import { asFailure } from './failure.ts';
import type { NetworkLimits } from './network-grant.ts';
import { type CheckedHead, endToEnd } from './request-head.ts';
import { readChunk } from './response-body.ts';

export interface ExchangeOptions {
  readonly head: CheckedHead;
  readonly hasBody: boolean;
  readonly timeouts: RequestHead['timeouts'];
  readonly limits: NetworkLimits;
  /** Opens the connection; its errors end the exchange. */
  readonly connect: (signal: AbortSignal) => Promise<Socket>;
}

type Framing = 'none' | 'empty' | 'chunked';

/** How long a body that has not begun holds back the head of its request once the guest waits for the response, ms. */
const headDelayMs = 100;

/**
 * One request and its response on a connection of their own. Bodies move by pull in both directions: a chunk is
 * taken when the socket has room for it, and read when the guest asks for it.
 */
export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #abort = new AbortController();
  readonly #framing = Promise.withResolvers<Framing>();
  readonly #sent: Promise<ClientRequest>;
  readonly #responded = Promise.withResolvers<IncomingMessage>();
  #sending: Promise<void> = Promise.resolve();
  #firstByteTimer: NodeJS.Timeout | undefined;
  #writtenBytes = 0;
  #readBytes = 0;
  #finished = false;
  #message: IncomingMessage | undefined;
  #reading = false;
  #ended = false;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    if (!options.hasBody) this.#finish();
    this.#sent = this.#send();
    this.#sent.catch((error: unknown) => this.#fail(asFailure(error)));
    this.#responded.promise.catch(() => {});
    this.#framing.promise.catch(() => {});
  }

  /** Whether it holds a connection, or will. One whose response has come whole, read or not, needs none. */
  get isOpen(): boolean {
    if (this.#ended) return false;
    if (this.#message?.complete !== true || !this.#finished) return true;
    this.#message.socket?.destroy();
    return false;
  }

  /** Bytes of the response that have come and were not read. */
  get heldBytes(): number {
    return this.#ended ? 0 : (this.#message?.readableLength ?? 0);
  }

  /** Takes a chunk of the request's body; resolves when the next may come. */
  write(chunk: Uint8Array): Promise<void> {
    const { head, limits } = this.#options;
    this.#writtenBytes += chunk.length;
    const bound = Math.min(head.announcedBytes ?? Number.POSITIVE_INFINITY, limits.maxRequestBytes);
    if (this.#finished || this.#writtenBytes > bound) {
      const error = new HostCallError('HTTP-request-body-size');
      this.#fail(error);
      return Promise.reject(error);
    }
    if (chunk.length === 0) return this.#sending;
    this.#framing.resolve('chunked');
    return this.#queue(async (request) => {
      if (!request.write(chunk)) await this.#drained(request);
      this.#awaitFirstByte();
    });
  }

  /** The request's body is complete. */
  finish(): Promise<void> {
    const { announcedBytes } = this.#options.head;
    if (announcedBytes !== undefined && announcedBytes !== this.#writtenBytes) {
      const error = new HostCallError('HTTP-request-body-size');
      this.#fail(error);
      return Promise.reject(error);
    }
    this.#finish();
    return this.#queue(async (request) => {
      request.end();
      this.#awaitFirstByte();
    });
  }

  async response(): Promise<ResponseHead> {
    const delay = setTimeout(() => this.#framing.resolve('chunked'), headDelayMs);
    try {
      const message = await this.#responded.promise;
      return { status: message.statusCode ?? 0, headers: endToEnd(message.rawHeaders) };
    } finally {
      clearTimeout(delay);
    }
  }

  /** The next bytes of the response's body, at least one, as soon as there are any. */
  async read(maxBytes: number): Promise<BodyPart> {
    if (this.#reading) throw new HostCallError('busy');
    this.#reading = true;
    try {
      const message = await this.#responded.promise;
      const bytes = await readChunk(message, {
        maxBytes: Math.min(maxBytes, maxChunkBytes),
        timeoutMs: this.#timeout('betweenBytesMs', 'betweenBytesTimeoutMs'),
        signal: this.#abort.signal,
      });
      if (bytes === undefined) {
        this.close();
        return { kind: 'end', trailers: endToEnd(message.rawTrailers) };
      }
      this.#readBytes += bytes.length;
      if (this.#readBytes > this.#options.limits.maxResponseBytes) {
        throw new HostCallError('HTTP-response-body-size');
      }
      return { kind: 'chunk', bytes };
    } catch (error) {
      const failure = asFailure(error);
      this.#fail(failure);
      throw failure;
    } finally {
      this.#reading = false;
    }
  }

  /** Ends it at once, whatever it is doing. */
  close(): void {
    this.#fail(new HostCallError('connection-terminated'));
  }

  async #send(): Promise<ClientRequest> {
    const { head, limits } = this.#options;
    const [socket, framing] = await Promise.all([this.#connect(), this.#framing.promise]);
    this.#abort.signal.throwIfAborted();
    const request = sendRequest({
      createConnection: () => socket,
      method: head.method,
      path: head.path,
      headers: [...head.headers, ...framingHeaders(head, framing), 'Connection', 'close'],
      setHost: false,
      setDefaultHeaders: false,
      maxHeaderSize: limits.maxHeaderBytes,
      insecureHTTPParser: false,
    });
    request.on('error', (error) => {
      // A server may answer before it has the whole request and take no more of it: the answer still counts.
      if (this.#message === undefined) this.#fail(asFailure(error));
    });
    request.once('upgrade', () => this.#fail(new HostCallError('HTTP-upgrade-failed')));
    request.once('response', (message: IncomingMessage) => {
      this.#message = message;
      clearTimeout(this.#firstByteTimer);
      // An error that nobody waits for is met again at the next read.
      message.on('error', () => {});
      this.#responded.resolve(message);
    });
    request.once('close', () => this.#responded.reject(new HostCallError('HTTP-response-incomplete')));
    this.#awaitFirstByte();
    if (framing === 'none') request.end();
    else request.flushHeaders();
    return request;
  }

  #connect(): Promise<Socket> {
    const timeoutMs = this.#timeout('connectMs', 'connectTimeoutMs');
    return openWithin(timeoutMs, this.#abort.signal, this.#options.connect);
  }

  #finish(): void {
    this.#finished = true;
    this.#framing.resolve(this.#options.hasBody ? 'empty' : 'none');
  }

  #queue(step: (request: ClientRequest) => Promise<void>): Promise<void> {
    this.#sending = this.#sending.then(async () => {
      try {
        await step(await this.#sent);
      } catch (error) {
        throw asFailure(error);
      }
    });
    this.#sending.catch(() => {});
    return this.#sending;
  }

  /** Waits until the socket has taken what was written. */
  #drained(request: ClientRequest): Promise<void> {
    const { signal } = this.#abort;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => settle(new HostCallError('connection-write-timeout')),
        this.#timeout('betweenBytesMs', 'betweenBytesTimeoutMs'),
      );
      const settle = (error?: HostCallError) => {
        clearTimeout(timer);
        request.off('drain', drain).off('close', close);
        signal.removeEventListener('abort', abort);
        if (error === undefined) return resolve();
        reject(error);
      };
      const drain = () => settle();
      const close = () => settle(new HostCallError('connection-terminated'));
      const abort = () => settle(asFailure(signal.reason));
      request.once('drain', drain).once('close', close);
      signal.addEventListener('abort', abort, { once: true });
      if (request.destroyed) close();
    });
  }

  #awaitFirstByte(): void {
    clearTimeout(this.#firstByteTimer);
    if (this.#ended || this.#message !== undefined) return;
    this.#firstByteTimer = setTimeout(
      () => this.#fail(new HostCallError('HTTP-response-timeout')),
      this.#timeout('firstByteMs', 'firstByteTimeoutMs'),
    );
  }

  #timeout(asked: keyof RequestHead['timeouts'], granted: TimeoutLimit): number {
    const { timeouts, limits } = this.#options;
    return Math.min(timeouts[asked] ?? Number.POSITIVE_INFINITY, limits[granted]);
  }

  #fail(error: HostCallError): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#firstByteTimer);
    this.#responded.reject(error);
    this.#framing.reject(error);
    this.#abort.abort(error);
  }
}

type TimeoutLimit = 'connectTimeoutMs' | 'firstByteTimeoutMs' | 'betweenBytesTimeoutMs';

/** A body is framed by its announced length or in chunks, whatever the method: never by the end of the connection. */
function framingHeaders({ method, announcedBytes }: CheckedHead, framing: Framing): readonly string[] {
  if (announcedBytes !== undefined) return ['Content-Length', String(announcedBytes)];
  if (framing === 'chunked') return ['Transfer-Encoding', 'chunked'];
  return /^(POST|PUT|PATCH)$/.test(method) ? ['Content-Length', '0'] : [];
}
