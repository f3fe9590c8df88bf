/** A header section as it goes over the wire: names as given, values as bytes. */
export type HeaderEntries = readonly (readonly [name: string, value: Uint8Array])[];

/** The head of a request as a guest put it together. Unchecked: the control side trusts none of it. */
export interface RequestHead {
  readonly method: string;
  /** `http` or `https`; guests may try others. */
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
  readonly headers: HeaderEntries;
  /** Whether a body may follow. Without one the request leaves at once. */
  readonly hasBody: boolean;
  /** Bounds the guest set itself, ms; the grant's own hold as well. */
  readonly timeouts: {
    readonly connectMs: number | undefined;
    readonly firstByteMs: number | undefined;
    readonly betweenBytesMs: number | undefined;
  };
}

export interface ResponseHead {
  readonly status: number;
  readonly headers: HeaderEntries;
}

/** Some of a response's body, or its end. */
export type BodyPart =
  | { readonly kind: 'chunk'; readonly bytes: Uint8Array }
  | { readonly kind: 'end'; readonly trailers: HeaderEntries };

/**
 * The service `egress`: requests to the web. Every failure is the tag of a `wasi:http/types.error-code`.
 * A request is a small integer that is valid within its call, from `request` to `close`.
 */
export type EgressMethods = {
  /** Judges a request and sends it on its way. Answers at once: what fails later fails in `response`. */
  readonly request: { readonly args: RequestHead; readonly result: number };
  /** Resolves when the next chunk may come. Chunks of one request go out in the order in which they came. */
  readonly writeBody: {
    readonly args: { readonly request: number; readonly chunk: Uint8Array };
    readonly result: undefined;
  };
  readonly finishBody: { readonly args: { readonly request: number }; readonly result: undefined };
  readonly response: { readonly args: { readonly request: number }; readonly result: ResponseHead };
  readonly readBody: {
    readonly args: { readonly request: number; readonly maxBytes: number };
    readonly result: BodyPart;
  };
  /** Ends a request, whatever it is doing. Closing twice, or what never was, is no error. */
  readonly close: { readonly args: { readonly request: number }; readonly result: undefined };
};

/** Bytes that one `writeBody` may carry, and one `readBody` gives at most. */
export const maxChunkBytes = 65_536;
