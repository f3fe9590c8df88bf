import type { EgressMethods, RequestHead } from '../egress/egress-protocol.ts';
import type { HostCall, HostChannel } from '../host-call/channel.ts';

/** One request that the host is making, seen from the worker. */
export class HttpExchange {
  readonly host: HostChannel;
  readonly #request: number;
  #closed = false;

  /**
   * Asks the host to make a request.
   * @throws HostCallError when it does not
   */
  constructor(host: HostChannel, head: RequestHead) {
    this.host = host;
    this.#request = host.call<EgressMethods, 'request'>('egress', 'request', head);
  }

  start<K extends Exclude<keyof EgressMethods, 'request'>>(
    method: K,
    args: Omit<EgressMethods[K]['args'], 'request'>,
  ): HostCall<EgressMethods[K]['result']> {
    return this.host.start<EgressMethods, K>('egress', method, { ...args, request: this.#request });
  }

  /** Frees what the host holds for it. Its body, if it is not complete, is broken off. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.start('close', {});
  }
}
