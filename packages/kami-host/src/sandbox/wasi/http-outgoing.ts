import type * as Http from '@bytecodealliance/preview2-shim/interfaces/wasi-http-types';
import type { RequestHead } from '../egress/egress-protocol.ts';
import type { HostChannel } from '../host-call/channel.ts';
import { CountedHandle, type HandleBudget } from './handles.ts';
import { HostOutputStream } from './host-streams.ts';
import { asHttpIoError } from './http-error.ts';
import type { HttpExchange } from './http-exchange.ts';
import type { Fields } from './http-fields.ts';
import { OutputStream } from './io.ts';

/** Bytes that may be written to a request which has nowhere to go, because no host is there to send it. */
const maxIdleBytes = 1024 * 1024;
const bodySizeError: Http.ErrorCode = Object.freeze({ tag: 'HTTP-request-body-size', val: undefined });
const noTrailers: Http.ErrorCode = Object.freeze({ tag: 'HTTP-request-trailer-section-size', val: 0 });

/** What the resources of an outgoing request need from their call. */
export interface OutgoingContext {
  readonly handles: HandleBudget;
  readonly host: HostChannel | undefined;
}

/** The body of a request. What is written before the request is sent is held, up to one chunk. */
export class OutgoingBody extends CountedHandle {
  readonly #context: OutgoingContext;
  readonly #announced: number | undefined;
  #stream: OutputStream | undefined;
  #exchange: HttpExchange | undefined;
  #written = 0;
  #finished = false;

  constructor(context: OutgoingContext, announcedBytes: number | undefined) {
    super(context.handles);
    this.#context = context;
    this.#announced = announcedBytes;
  }

  write(): OutputStream {
    if (this.#stream !== undefined) throw undefined;
    const { handles, host } = this.#context;
    this.#stream =
      host === undefined
        ? new OutputStream(handles, (bytes) => this.#count(bytes))
        : new CountingStream(
            handles,
            host,
            (bytes) => this.#count(bytes),
            () => this.#exchange,
          );
    return this.#stream;
  }

  static finish(body: OutgoingBody, trailers: Fields | undefined): void {
    body.#finish(trailers);
  }

  /** The request is on its way: what was held goes out. */
  attach(exchange: HttpExchange): void {
    this.#exchange = exchange;
    this.#flush();
  }

  /** A body that is dropped without being finished is not complete, and must not look as if it were. */
  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    if (!this.#finished) this.#exchange?.close();
  }

  #finish(trailers: Fields | undefined): void {
    this.#finished = true;
    const isWhole = this.#announced === undefined || this.#announced === this.#written;
    const hasTrailers = trailers !== undefined && trailers.entries().length > 0;
    if (!isWhole || hasTrailers) this.#exchange?.close();
    if (!isWhole) throw bodySizeError;
    if (hasTrailers) throw noTrailers;
    super[Symbol.dispose]();
    this.#flush();
  }

  #flush(): void {
    if (this.#exchange === undefined) return;
    if (this.#stream instanceof HostOutputStream) this.#stream.send();
    if (this.#finished) this.#exchange.start('finishBody', {});
  }

  #count(bytes: Uint8Array): void {
    this.#written += bytes.length;
    const isTooMuch = this.#context.host === undefined && this.#written > maxIdleBytes;
    if (isTooMuch || this.#written > (this.#announced ?? Number.POSITIVE_INFINITY)) throw { tag: 'closed' };
  }
}

/** Counts what is written to it, since a body must be as long as it was announced. */
class CountingStream extends HostOutputStream {
  readonly #count: (bytes: Uint8Array) => void;

  constructor(
    handles: HandleBudget,
    host: HostChannel,
    count: (bytes: Uint8Array) => void,
    exchange: () => HttpExchange | undefined,
  ) {
    super(handles, host, {
      push: (chunk) => exchange()?.start('writeBody', { chunk }),
      asError: asHttpIoError,
    });
    this.#count = count;
  }

  override write(contents: Uint8Array): void {
    this.#count(contents);
    super.write(contents);
  }
}

export class OutgoingRequest extends CountedHandle {
  readonly #context: OutgoingContext;
  readonly #headers: Fields;
  #method: Http.Method = { tag: 'get' };
  #scheme: Http.Scheme | undefined;
  #authority: string | undefined;
  #path: string | undefined;
  #body: OutgoingBody | undefined;

  constructor(headers: Fields, context: OutgoingContext) {
    super(context.handles);
    this.#context = context;
    this.#headers = headers.freeze();
  }

  body(): OutgoingBody {
    if (this.#body !== undefined) throw undefined;
    this.#body = new OutgoingBody(this.#context, announcedBytes(this.#headers));
    return this.#body;
  }
  method(): Http.Method {
    return this.#method;
  }
  setMethod(method: Http.Method): void {
    this.#method = method;
  }
  pathWithQuery(): string | undefined {
    return this.#path;
  }
  setPathWithQuery(path: string | undefined): void {
    this.#path = path;
  }
  scheme(): Http.Scheme | undefined {
    return this.#scheme;
  }
  setScheme(scheme: Http.Scheme | undefined): void {
    this.#scheme = scheme;
  }
  authority(): string | undefined {
    return this.#authority;
  }
  setAuthority(authority: string | undefined): void {
    this.#authority = authority;
  }
  headers(): Fields {
    return this.#headers;
  }

  /** Scheme and authority, such as `https://api.example.com`: what an operator would grant. */
  origin(): string {
    return `${this.#schemeName()}://${this.#authority ?? ''}`;
  }

  /** The request as the host is asked to make it. */
  head(options: RequestOptions | undefined): RequestHead {
    return {
      method: this.#method.tag === 'other' ? this.#method.val : this.#method.tag.toUpperCase(),
      scheme: this.#schemeName(),
      authority: this.#authority ?? '',
      path: this.#path === undefined || this.#path === '' ? '/' : this.#path,
      headers: this.#headers.entries(),
      hasBody: this.#body !== undefined,
      timeouts: {
        connectMs: milliseconds(options?.connectTimeout()),
        firstByteMs: milliseconds(options?.firstByteTimeout()),
        betweenBytesMs: milliseconds(options?.betweenBytesTimeout()),
      },
    };
  }

  /** The request was sent; its handle is gone, its body may still be written. */
  sent(exchange: HttpExchange): void {
    this[Symbol.dispose]();
    this.#body?.attach(exchange);
  }

  #schemeName(): string {
    const scheme = this.#scheme?.tag === 'other' ? this.#scheme.val : (this.#scheme?.tag ?? 'HTTPS');
    return scheme.toLowerCase();
  }
}

export class RequestOptions implements Http.RequestOptions {
  #connect: bigint | undefined;
  #firstByte: bigint | undefined;
  #betweenBytes: bigint | undefined;

  connectTimeout(): bigint | undefined {
    return this.#connect;
  }
  setConnectTimeout(duration: bigint | undefined): void {
    this.#connect = duration;
  }
  firstByteTimeout(): bigint | undefined {
    return this.#firstByte;
  }
  setFirstByteTimeout(duration: bigint | undefined): void {
    this.#firstByte = duration;
  }
  betweenBytesTimeout(): bigint | undefined {
    return this.#betweenBytes;
  }
  setBetweenBytesTimeout(duration: bigint | undefined): void {
    this.#betweenBytes = duration;
  }
}

function milliseconds(duration: bigint | undefined): number | undefined {
  return duration === undefined ? undefined : Math.ceil(Number(duration) / 1e6);
}

/** The `Content-Length` of a request; the host refuses one that is no number. */
function announcedBytes(headers: Fields): number | undefined {
  const [value] = headers.get('content-length');
  const text = value === undefined ? '' : new TextDecoder('latin1').decode(value);
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
