import type * as Tcp from '@bytecodealliance/preview2-shim/interfaces/wasi-sockets-tcp';
import type { TcpEndpoint, TcpMethods } from '../egress/tcp-protocol.ts';
import type { Pending } from './host-streams.ts';
import { Pollable } from './io.ts';
import { endpointOf, tcpSubject, unspecified } from './sockets-address.ts';
import { isUnheard, socketErrorCode } from './sockets-error.ts';
import type { SocketContext } from './sockets-lookup.ts';
import { TcpInputStream, TcpLink, TcpOutputStream } from './sockets-streams.ts';
import { TcpOptions } from './sockets-tcp-options.ts';

type State =
  | { readonly kind: 'new' | 'closed' }
  | {
      readonly kind: 'connecting';
      readonly link: TcpLink;
      readonly remote: Tcp.IpSocketAddress;
      readonly pending: Pending<unknown>;
    }
  | {
      readonly kind: 'connected';
      readonly link: TcpLink;
      readonly remote: Tcp.IpSocketAddress;
      readonly input: TcpInputStream;
      readonly output: TcpOutputStream;
    };

/** A socket that can connect to what was granted, once. It never binds, listens or accepts. */
export class TcpSocket extends TcpOptions implements Tcp.TcpSocket {
  readonly #context: SocketContext;
  readonly #family: Tcp.IpAddressFamily;
  #state: State = { kind: 'new' };

  constructor(context: SocketContext, family: Tcp.IpAddressFamily) {
    super(context.handles);
    this.#context = context;
    this.#family = family;
  }

  startConnect(_network: Tcp.Network, remote: Tcp.IpSocketAddress): void {
    if (this.#state.kind === 'connecting') throw 'concurrency-conflict';
    if (this.#state.kind !== 'new') throw 'invalid-state';
    const endpoint = endpointOf(remote, this.#family);
    const link = this.#connect(endpoint);
    this.#state = { kind: 'connecting', link, remote, pending: link.start('tcpConnected', {}) };
  }

  finishConnect(): [TcpInputStream, TcpOutputStream] {
    this.#context.host.wait(0);
    const state = this.#state;
    if (state.kind !== 'connecting') throw 'not-in-progress';
    if (!state.pending.settled) throw 'would-block';
    const { link, remote } = state;
    try {
      state.pending.take();
    } catch (error) {
      this.#state = { kind: 'closed' };
      link.drop();
      throw socketErrorCode(error);
    }
    const input = new TcpInputStream(this.#context.handles, link);
    const output = new TcpOutputStream(this.#context.handles, link);
    this.#state = { kind: 'connected', link, remote, input, output };
    return [input, output];
  }

  shutdown(side: Tcp.ShutdownType): void {
    const state = this.#state;
    if (state.kind !== 'connected') throw 'invalid-state';
    if (side !== 'send') state.input.close();
    if (side !== 'receive') state.output.close();
    state.link.shutdown(side);
  }

  startBind(_network: Tcp.Network, _localAddress: Tcp.IpSocketAddress): void {
    this.#refuse('tcp bind');
  }

  finishBind(): void {
    throw 'not-in-progress';
  }

  startListen(): void {
    this.#refuse('tcp listen');
  }

  finishListen(): void {
    throw 'not-in-progress';
  }

  accept(): never {
    return this.#refuse('tcp accept');
  }

  isListening(): boolean {
    return false;
  }

  setListenBacklogSize(value: bigint): void {
    if (value === 0n) throw 'invalid-argument';
    if (this.#state.kind === 'connecting' || this.#state.kind === 'connected') throw 'invalid-state';
  }

  addressFamily(): Tcp.IpAddressFamily {
    return this.#family;
  }

  /** Not the real one: which networks the host is in is nothing a tool needs to know. */
  localAddress(): Tcp.IpSocketAddress {
    if (this.#state.kind !== 'connected') throw 'invalid-state';
    return unspecified(this.#family);
  }

  remoteAddress(): Tcp.IpSocketAddress {
    if (this.#state.kind !== 'connected') throw 'invalid-state';
    return this.#state.remote;
  }

  subscribe(): Pollable {
    return Pollable.on(this.#context.handles, this.#context.host, () => {
      const state = this.#state;
      return state.kind !== 'connecting' || state.pending.settled;
    });
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    const state = this.#state;
    this.#state = { kind: 'closed' };
    if (state.kind === 'connecting' || state.kind === 'connected') state.link.drop();
  }

  #connect(endpoint: TcpEndpoint): TcpLink {
    const { host, refusals } = this.#context;
    try {
      return new TcpLink(host, host.call<TcpMethods, 'tcpConnect'>('egress', 'tcpConnect', endpoint));
    } catch (error) {
      this.#state = { kind: 'closed' };
      if (isUnheard(error)) refusals.note('sockets', tcpSubject(endpoint));
      throw socketErrorCode(error);
    }
  }

  #refuse(subject: string): never {
    this.#context.refusals.note('sockets', subject);
    throw 'access-denied';
  }
}
