/** An address, without brackets and without a zone, and a port. */
export interface TcpEndpoint {
  readonly address: string;
  readonly port: number;
}

export type ShutdownSide = 'receive' | 'send' | 'both';

/**
 * Raw TCP, of the service `egress`. A socket is a small integer that is valid within its call, from `tcpConnect`
 * to `tcpClose`. Failures are told as tags of a `wasi:http/types.error-code`, as those of requests are, where
 * `tcp-denied` is what was not granted.
 */
export type TcpMethods = {
  /**
   * The addresses that a name stands for, in the order in which they are to be tried. Names are looked up when they
   * are the host of a granted pattern, once in a call; an address is given back as it is.
   */
  readonly resolve: { readonly args: { readonly name: string }; readonly result: readonly string[] };
  /** Judges where a connection is to go and begins to open it. Answers at once: the rest is told by `tcpConnected`. */
  readonly tcpConnect: { readonly args: TcpEndpoint; readonly result: number };
  readonly tcpConnected: { readonly args: { readonly socket: number }; readonly result: undefined };
  /** Resolves when the system has taken the bytes. Chunks of one socket go out in the order in which they came. */
  readonly tcpWrite: {
    readonly args: { readonly socket: number; readonly chunk: Uint8Array };
    readonly result: undefined;
  };
  /** The next bytes, at least one, as soon as there are any; undefined is the end. */
  readonly tcpRead: {
    readonly args: { readonly socket: number; readonly maxBytes: number };
    readonly result: Uint8Array | undefined;
  };
  /** `send` ends what goes out, once all that was written is on its way; `receive` gives up what would come in. */
  readonly tcpShutdown: {
    readonly args: { readonly socket: number; readonly side: ShutdownSide };
    readonly result: undefined;
  };
  /** Ends a connection once all that was written is on its way. Closing twice, or what never was, is no error. */
  readonly tcpClose: { readonly args: { readonly socket: number }; readonly result: undefined };
};
