import type * as Http from '@bytecodealliance/preview2-shim/interfaces/wasi-http-types';
import type { CallState } from './call-state.ts';
import { Fields } from './http-fields.ts';
import { OutputStream, streamChunkBytes } from './io.ts';

/** Bytes of request body that are taken before a request is handled. */
const maxBodyBytes = 1024 * 1024;
const denied: Http.ErrorCode = Object.freeze({ tag: 'HTTP-request-denied' });

class OutgoingBody {
  #length = 0;
  #written = false;

  write(): OutputStream {
    if (this.#written) throw undefined;
    this.#written = true;
    return new OutputStream((bytes) => {
      this.#length += bytes.length;
      if (this.#length > maxBodyBytes + streamChunkBytes) throw { tag: 'closed' };
    });
  }

  static finish(_body: OutgoingBody, _trailers: Fields | undefined): void {}
}

class OutgoingRequest {
  readonly #headers: Fields;
  readonly #body = new OutgoingBody();
  #method: Http.Method = { tag: 'get' };
  #scheme: Http.Scheme | undefined;
  #authority: string | undefined;
  #path: string | undefined;
  #bodyTaken = false;

  constructor(headers: Fields) {
    this.#headers = headers.freeze();
  }

  body(): OutgoingBody {
    if (this.#bodyTaken) throw undefined;
    this.#bodyTaken = true;
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
    const scheme = this.#scheme?.tag === 'other' ? this.#scheme.val : (this.#scheme?.tag ?? 'HTTPS');
    return `${scheme.toLowerCase()}://${this.#authority ?? ''}`;
  }
}

class RequestOptions {
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

// A call is never handed one of these: no request is answered, and a tool is no HTTP server.
class FutureIncomingResponse {}
class FutureTrailers {}
class IncomingBody {}
class IncomingRequest {}
class IncomingResponse {}
class OutgoingResponse {}
class ResponseOutparam {}

/** A tool may put a request together; sending it is refused as `HTTP-request-denied` and recorded. */
export function httpInterfaces({ refusals }: Pick<CallState, 'refusals'>) {
  return {
    'wasi:http/types': {
      Fields,
      FutureIncomingResponse,
      FutureTrailers,
      IncomingBody,
      IncomingRequest,
      IncomingResponse,
      OutgoingBody,
      OutgoingRequest,
      OutgoingResponse,
      RequestOptions,
      ResponseOutparam,
      httpErrorCode: (): undefined => undefined,
    },
    'wasi:http/outgoing-handler': {
      handle: (request: OutgoingRequest): never => {
        refusals.note('network', request.origin());
        throw denied;
      },
    },
  };
}
