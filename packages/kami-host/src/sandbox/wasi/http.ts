import type * as Http from '@bytecodealliance/preview2-shim/interfaces/wasi-http-types';
import { HostCallError } from '../host-call/protocol.ts';
import type { CallState } from './call-state.ts';
import { HandleBudget } from './handles.ts';
import { denied, errorCodeOf, HttpIoError } from './http-error.ts';
import { HttpExchange } from './http-exchange.ts';
import { Fields } from './http-fields.ts';
import { FutureIncomingResponse, FutureTrailers, IncomingBody, IncomingResponse } from './http-incoming.ts';
import { OutgoingBody, OutgoingRequest, RequestOptions } from './http-outgoing.ts';
import type { IoError } from './io.ts';

/** Header sections that a guest may hold at the same time: each may have 64 KiB outside of the guest's memory. */
const maxHeaderSections = 512;

type HttpInterface = 'wasi:http/types' | 'wasi:http/outgoing-handler';

// A call is never handed one of these: a tool is no HTTP server.
class IncomingRequest {}
class OutgoingResponse {}
class ResponseOutparam {}

/**
 * Requests to the web. The worker only puts them together: the host judges and makes them. Without a host to
 * ask, or without a grant, sending one is refused as `HTTP-request-denied` and recorded.
 */
export function httpInterfaces({
  refusals,
  handles,
  host,
}: Pick<CallState, 'refusals' | 'handles' | 'host'>): Readonly<
  Record<HttpInterface, Readonly<Record<string, unknown>>>
> {
  const sections = new HandleBudget(maxHeaderSections);
  class CallFields extends Fields {
    constructor() {
      super(sections);
    }
  }
  class CallOutgoingRequest extends OutgoingRequest {
    constructor(headers: Fields) {
      super(headers, { handles, host });
    }
  }
  class CallRequestOptions extends RequestOptions {
    constructor() {
      super(handles);
    }
  }
  const handle = (request: OutgoingRequest, options: RequestOptions | undefined): FutureIncomingResponse => {
    options?.[Symbol.dispose]();
    // Sent or not, neither belongs to the guest any more.
    request[Symbol.dispose]();
    if (host === undefined) {
      refusals.note('network', request.origin());
      throw denied;
    }
    const exchange = open(request, () => new HttpExchange(host, request.head(options)));
    const receivedFields = CallFields.received.bind(CallFields);
    const response = new FutureIncomingResponse({ handles, exchange, receivedFields });
    // Last, since a body that was given up ends the exchange, and the response is then what says so.
    request.sent(exchange);
    return response;
  };
  /** The broker records what it refuses; where there is none, this is the only one who knows. */
  const open = (request: OutgoingRequest, send: () => HttpExchange): HttpExchange => {
    try {
      return send();
    } catch (error) {
      if (error instanceof HostCallError && error.code === 'access-denied') {
        refusals.note('network', request.origin());
      }
      throw errorCodeOf(error);
    }
  };
  return {
    'wasi:http/types': {
      Fields: CallFields,
      FutureIncomingResponse,
      FutureTrailers,
      IncomingBody,
      IncomingRequest,
      IncomingResponse,
      OutgoingBody,
      OutgoingRequest: CallOutgoingRequest,
      OutgoingResponse,
      RequestOptions: CallRequestOptions,
      ResponseOutparam,
      httpErrorCode: (error: IoError): Http.ErrorCode | undefined =>
        error instanceof HttpIoError ? error.code : undefined,
    },
    'wasi:http/outgoing-handler': { handle },
  };
}
