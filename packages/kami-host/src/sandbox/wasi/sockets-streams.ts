import type { ShutdownSide, TcpMethods } from '../egress/tcp-protocol.ts';
import type { HostCall, HostChannel } from '../host-call/channel.ts';
import type { HandleBudget } from './handles.ts';
import { HostInputStream, HostOutputStream } from './host-streams.ts';
import { streamChunkBytes } from './io.ts';
import { SocketIoError } from './sockets-error.ts';

type LinkMethod = 'tcpConnected' | 'tcpWrite' | 'tcpRead' | 'tcpShutdown' | 'tcpClose';

/** A connection that the host holds, and that a socket and its streams share; the last one to be dropped closes it. */
export class TcpLink {
  readonly host: HostChannel;
  readonly #socket: number;
  #users = 1;

  constructor(host: HostChannel, socket: number) {
    this.host = host;
    this.#socket = socket;
  }

  start<K extends LinkMethod>(
    method: K,
    args: Omit<TcpMethods[K]['args'], 'socket'>,
  ): HostCall<TcpMethods[K]['result']> {
    return this.host.start<TcpMethods, K>('egress', method, { ...args, socket: this.#socket });
  }

  shutdown(side: ShutdownSide): void {
    this.start('tcpShutdown', { side });
  }

  share(): this {
    this.#users += 1;
    return this;
  }

  drop(): void {
    this.#users -= 1;
    if (this.#users === 0) this.start('tcpClose', {});
  }
}

const asError = (error: unknown) => new SocketIoError(error);

/** What comes in. Dropping it says that no more is wanted. */
export class TcpInputStream extends HostInputStream {
  readonly #link: TcpLink;
  #dropped = false;

  constructor(handles: HandleBudget, link: TcpLink) {
    super(handles, link.host, { pull: () => link.start('tcpRead', { maxBytes: streamChunkBytes }), asError });
    this.#link = link.share();
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    if (this.#dropped) return;
    this.#dropped = true;
    this.#link.shutdown('receive');
    this.#link.drop();
  }
}

/** What goes out. Dropping it ends it for the other side, after all that was written. */
export class TcpOutputStream extends HostOutputStream {
  readonly #link: TcpLink;
  #dropped = false;

  constructor(handles: HandleBudget, link: TcpLink) {
    super(handles, link.host, { push: (chunk) => link.start('tcpWrite', { chunk }), asError });
    this.#link = link.share();
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    if (this.#dropped) return;
    this.#dropped = true;
    this.#link.shutdown('send');
    this.#link.drop();
  }
}
