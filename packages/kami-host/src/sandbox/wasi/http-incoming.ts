import type * as Http from '@bytecodealliance/preview2-shim/interfaces/wasi-http-types';
import type { BodyPart, HeaderEntries, ResponseHead } from '../egress/egress-protocol.ts';
import { ChildStillHeld, CountedHandle, type HandleBudget } from './handles.ts';
import { type ByteSource, HostInputStream, type Pending } from './host-streams.ts';
import { asHttpIoError, errorCodeOf } from './http-error.ts';
import type { HttpExchange } from './http-exchange.ts';
import type { Fields } from './http-fields.ts';
import { type InputStream, Pollable, streamChunkBytes } from './io.ts';

/** What the resources of a response need from their call. */
export interface IncomingContext {
  readonly handles: HandleBudget;
  readonly exchange: HttpExchange;
  readonly receivedFields: (entries: HeaderEntries) => Fields;
}

type Answer<T> = { tag: 'ok'; val: T } | { tag: 'err'; val: Http.ErrorCode };
/** An answer that can be fetched once; the second time is the outer error. */
type Once<T> = { tag: 'ok'; val: Answer<T> } | { tag: 'err'; val: undefined } | undefined;

/** A response that the host is waiting for. Dropping it ends the request. */
export class FutureIncomingResponse extends CountedHandle {
  readonly #context: IncomingContext;
  readonly #pending: Pending<ResponseHead>;
  #taken = false;

  constructor(context: IncomingContext) {
    super(context.handles);
    this.#context = context;
    this.#pending = context.exchange.start('response', {});
  }

  subscribe(): Pollable {
    const { handles, exchange } = this.#context;
    return Pollable.on(handles, exchange.host, () => this.#pending.settled);
  }

  get(): Once<IncomingResponse> {
    this.#context.exchange.host.wait(0);
    if (!this.#pending.settled) return undefined;
    if (this.#taken) return { tag: 'err', val: undefined };
    this.#taken = true;
    return { tag: 'ok', val: this.#answer() };
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    if (!this.#taken) this.#context.exchange.close();
  }

  #answer(): Answer<IncomingResponse> {
    try {
      return { tag: 'ok', val: new IncomingResponse(this.#context, this.#pending.take()) };
    } catch (error) {
      const code = errorCodeOf(error);
      this.#context.exchange.close();
      return { tag: 'err', val: code };
    }
  }
}

/** A response whose head has come. Dropping it before its body was asked for ends the request. */
export class IncomingResponse extends CountedHandle {
  readonly #context: IncomingContext;
  readonly #head: ResponseHead;
  #consumed = false;

  constructor(context: IncomingContext, head: ResponseHead) {
    super(context.handles);
    this.#context = context;
    this.#head = head;
  }

  status(): number {
    return this.#head.status;
  }

  headers(): Fields {
    return this.#context.receivedFields(this.#head.headers);
  }

  consume(): IncomingBody {
    if (this.#consumed) throw undefined;
    this.#consumed = true;
    return new IncomingBody(this.#context);
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    if (!this.#consumed) this.#context.exchange.close();
  }
}

/** The body of a response. Dropping it ends the request; so does reading it to its end. */
export class IncomingBody extends CountedHandle implements ByteSource {
  readonly #context: IncomingContext;
  #stream: InputStream | undefined;
  #trailers: HeaderEntries = [];
  #failure: Http.ErrorCode | undefined;

  constructor(context: IncomingContext) {
    super(context.handles);
    this.#context = context;
  }

  stream(): InputStream {
    if (this.#stream !== undefined) throw undefined;
    const { handles, exchange } = this.#context;
    this.#stream = new HostInputStream(handles, exchange.host, this);
    return this.#stream;
  }

  static finish(body: IncomingBody): FutureTrailers {
    if (body.#stream?.isDropped === false)
      throw new ChildStillHeld('finished a body while it held its stream');
    body[Symbol.dispose]();
    return new FutureTrailers(body.#context, body.#failure ?? body.#trailers);
  }

  pull(): Pending<Uint8Array | undefined> {
    const call = this.#context.exchange.start('readBody', { maxBytes: streamChunkBytes });
    return {
      get settled() {
        return call.settled;
      },
      take: () => this.#bytesOf(call.take()),
    };
  }

  asError(error: unknown) {
    const told = asHttpIoError(error);
    this.#failure = told.code;
    return told;
  }

  ended(): void {
    this.#context.exchange.close();
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    this.#context.exchange.close();
  }

  #bytesOf(part: BodyPart): Uint8Array | undefined {
    if (part.kind === 'chunk') return part.bytes;
    this.#trailers = part.trailers;
    return undefined;
  }
}

/** The trailers of a body that was read to its end, or what it broke off with. A body left before has none. */
export class FutureTrailers extends CountedHandle {
  readonly #context: IncomingContext;
  readonly #end: HeaderEntries | Http.ErrorCode;
  #taken = false;

  constructor(context: IncomingContext, end: HeaderEntries | Http.ErrorCode) {
    super(context.handles);
    this.#context = context;
    this.#end = end;
  }

  subscribe(): Pollable {
    return Pollable.always(this.#context.handles);
  }

  get(): Once<Fields | undefined> {
    if (this.#taken) return { tag: 'err', val: undefined };
    this.#taken = true;
    if ('tag' in this.#end) return { tag: 'ok', val: { tag: 'err', val: this.#end } };
    const trailers = this.#end.length === 0 ? undefined : this.#context.receivedFields(this.#end);
    return { tag: 'ok', val: { tag: 'ok', val: trailers } };
  }
}
