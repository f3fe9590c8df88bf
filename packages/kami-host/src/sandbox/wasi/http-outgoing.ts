import type * as Http from '@bytecodealliance/preview2-shim/interfaces/wasi-http-types';
import type { RequestHead } from '../egress/egress-protocol.ts';
import type { HostChannel } from '../host-call/channel.ts';
import { ChildStillHeld, CountedHandle, type HandleBudget } from './handles.ts';
import { HostOutputStream } from './host-streams.ts';
import { asHttpIoError, HttpIoError } from './http-error.ts';
import type { HttpExchange } from './http-exchange.ts';
import type { Fields } from './http-fields.ts';
import { isAuthority, isMethod, isPathWithQuery, isScheme } from './http-request-syntax.ts';
import { closed, OutputStream } from './io.ts';

/** Bytes that may be written to a request which has nowhere to go, because no host is there to send it. */
const maxIdleBytes = 1024 * 1024;
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
  /** Finished, or given up in a way that must not look like it. */
  #end: 'whole' | 'broken' | undefined;

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
        ? new OutputStream(handles, (bytes) => this.#swallow(bytes))
        : new HostOutputStream(handles, host, {
            push: (chunk) => this.#exchange?.start('writeBody', { chunk }),
            asError: asHttpIoError,
            refuse: (chunk) => this.#excess(chunk),
          });
    return this.#stream;
  }

  static finish(body: OutgoingBody, trailers: Fields | undefined): void {
    body.#finish(trailers);
  }

  /** The request is on its way: what was held goes out. */
  attach(exchange: HttpExchange): void {
    this.#exchange = exchange;
    if (this.#end === 'broken') exchange.close();
    else this.#flush();
  }

  /** A body that is dropped without being finished is not complete, and must not look as if it were. */
  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    if (this.#end === undefined) this.#break();
  }

  #finish(trailers: Fields | undefined): void {
    if (this.#stream?.isDropped === false)
      throw new ChildStillHeld('finished a body while it held its stream');
    super[Symbol.dispose]();
    trailers?.[Symbol.dispose]();
    const isWhole = this.#announced === undefined || this.#announced === this.#written;
    if (!isWhole) this.#break(bodySizeError(this.#written));
    if (trailers !== undefined && trailers.entries().length > 0) this.#break(noTrailers);
    this.#end = 'whole';
    this.#flush();
  }

  #break(error?: Http.ErrorCode): void {
    this.#end = 'broken';
    this.#exchange?.close();
    if (error !== undefined) throw error;
  }

  #flush(): void {
    if (this.#exchange === undefined) return;
    if (this.#stream instanceof HostOutputStream) this.#stream.send();
    if (this.#end === 'whole') this.#exchange.start('finishBody', {});
  }

  /** Bytes that nobody will send; counted all the same. */
  #swallow(bytes: Uint8Array): void {
    const error = this.#excess(bytes);
    if (error !== undefined) throw { tag: 'last-operation-failed', val: error };
    if (this.#written > maxIdleBytes) throw closed;
  }

  /** Counts what is written, since a body must be as long as it was announced. */
  #excess(bytes: Uint8Array): HttpIoError | undefined {
    this.#written += bytes.length;
    const isTooMuch = this.#written > (this.#announced ?? Number.POSITIVE_INFINITY);
    return isTooMuch ? new HttpIoError(bodySizeError(this.#written)) : undefined;
  }
}

/** How long the body was, as far as 64 bits of WASI go. */
function bodySizeError(written: number): Http.ErrorCode {
  return { tag: 'HTTP-request-body-size', val: BigInt(written) };
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
    if (!isMethod(method)) throw undefined;
    this.#method = method;
  }
  pathWithQuery(): string | undefined {
    return this.#path;
  }
  setPathWithQuery(path: string | undefined): void {
    if (!isPathWithQuery(path)) throw undefined;
    this.#path = path;
  }
  scheme(): Http.Scheme | undefined {
    return this.#scheme;
  }
  setScheme(scheme: Http.Scheme | undefined): void {
    if (!isScheme(scheme)) throw undefined;
    this.#scheme = scheme;
  }
  authority(): string | undefined {
    return this.#authority;
  }
  setAuthority(authority: string | undefined): void {
    if (!isAuthority(authority)) throw undefined;
    this.#authority = authority;
  }
  headers(): Fields {
    return this.#headers.view();
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
      path: this.#path?.startsWith('/') === true ? this.#path : rooted(this.#path ?? ''),
      headers: this.#headers.entries(),
      hasBody: this.#body !== undefined,
      timeouts: {
        connectMs: milliseconds(options?.connectTimeout()),
        firstByteMs: milliseconds(options?.firstByteTimeout()),
        betweenBytesMs: milliseconds(options?.betweenBytesTimeout()),
      },
    };
  }

  /** Its headers went with it when it was made. */
  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    this.#headers[Symbol.dispose]();
  }

  /** The request was sent; its body may still be written. */
  sent(exchange: HttpExchange): void {
    this.#body?.attach(exchange);
  }

  #schemeName(): string {
    const scheme = this.#scheme?.tag === 'other' ? this.#scheme.val : (this.#scheme?.tag ?? 'HTTPS');
    return scheme.toLowerCase();
  }
}

/** No path, or nothing but a query, is one at the root; anything else is for the host to refuse. */
function rooted(path: string): string {
  return path === '' || path.startsWith('?') ? `/${path}` : path;
}

export class RequestOptions extends CountedHandle implements Http.RequestOptions {
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
