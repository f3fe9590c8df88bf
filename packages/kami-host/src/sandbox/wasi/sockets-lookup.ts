import type * as Lookup from '@bytecodealliance/preview2-shim/interfaces/wasi-sockets-ip-name-lookup';
import type { TcpMethods } from '../egress/tcp-protocol.ts';
import type { HostChannel } from '../host-call/channel.ts';
import type { CallState } from './call-state.ts';
import { CountedHandle, type HandleBudget } from './handles.ts';
import type { Pending } from './host-streams.ts';
import { Pollable } from './io.ts';
import { ipAddress } from './sockets-address.ts';
import { isUnheard, socketErrorCode } from './sockets-error.ts';

/** What sockets and lookups need from their call. */
export interface SocketContext extends Pick<CallState, 'handles' | 'refusals'> {
  readonly host: HostChannel;
}

/** The addresses of a name that the host is looking up. */
export class ResolveAddressStream extends CountedHandle implements Lookup.ResolveAddressStream {
  readonly #handles: HandleBudget;
  readonly #host: HostChannel;
  readonly #pending: Pending<readonly string[]>;
  readonly #onUnheard: () => void;
  #answer: { readonly left: string[] } | { readonly code: Lookup.ErrorCode } | undefined;

  constructor({ handles, host, refusals }: SocketContext, name: string) {
    super(handles);
    this.#handles = handles;
    this.#host = host;
    this.#pending = host.start<TcpMethods, 'resolve'>('egress', 'resolve', { name });
    this.#onUnheard = () => refusals.note('sockets', `lookup of ${name}`);
  }

  resolveNextAddress(): Lookup.IpAddress | undefined {
    this.#host.wait(0);
    if (!this.#pending.settled) throw 'would-block';
    this.#answer ??= this.#take();
    if ('code' in this.#answer) throw this.#answer.code;
    const next = this.#answer.left.shift();
    return next === undefined ? undefined : ipAddress(next);
  }

  subscribe(): Pollable {
    return Pollable.on(this.#handles, this.#host, () => this.#pending.settled);
  }

  #take() {
    try {
      return { left: [...this.#pending.take()] };
    } catch (error) {
      if (isUnheard(error)) this.#onUnheard();
      return { code: socketErrorCode(error) };
    }
  }
}
