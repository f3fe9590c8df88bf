import { type HostTarget, originOf } from '../../model/host-match.ts';
import type { HostService } from '../host-call/dispatcher.ts';
import { HostCallError } from '../host-call/protocol.ts';
import { reachOf } from './address.ts';
import { type ConnectDeps, connect } from './connect.ts';
import { maxChunkBytes, type RequestHead } from './egress-protocol.ts';
import { Exchange } from './exchange.ts';
import { judge, parseTarget, type Verdict } from './judge.ts';
import { lookupHost } from './lookup.ts';
import type { Credential, NetworkGrant } from './network-grant.ts';
import { parseChunk, parseReadSize, parseRequestHead, parseRequestId } from './parse-args.ts';
import { checkHead } from './request-head.ts';
import { Tcp } from './tcp.ts';

/** Why a request or a connection was refused: no pattern allows it, or its name stands for an address that it may not. */
export type EgressRefusal = 'not-granted' | 'private-address';

export interface EgressDeps {
  /** Called for every refusal, with the origin or, of `sockets`, with the name that was asked for. */
  readonly onRefusal: (capability: 'network' | 'sockets', subject: string, reason: EgressRefusal) => void;
  /** Called for every request and connection that was granted, with the text of the pattern that allowed it. */
  readonly onUse: (pattern: string) => void;
  /** Called for every credential that was added to a request. */
  readonly onCredential?: (credential: Credential) => void;
  /** The system's resolver unless given. */
  readonly lookup?: ConnectDeps['lookup'];
  /** The judgement of addresses; given only by tests that show what it is for. */
  readonly reachOf?: ConnectDeps['reachOf'];
  readonly tls?: ConnectDeps['tls'];
}

/**
 * The network of one call, on the control side: judges requests by the call's grant, makes them, and hands
 * bodies over by pull. Redirects are not followed: each hop is a request that the guest makes anew, and that is
 * judged anew. Bodies are not decompressed. Connections of raw TCP share the bounds of requests.
 */
export function createEgress(grant: NetworkGrant, deps: EgressDeps): HostService {
  return new Egress(grant, deps);
}

/** Bytes of small responses that a call may leave unread; the rest of a larger one stays with its server. */
const maxHeldBytes = 8 * 1024 * 1024;

/**
 * Numbers of requests and sockets are never used twice in a process: a message that a worker sent late, in a call that has
 * ended, must not mean a request of the next.
 */
let lastNumber = 0;

class Egress implements HostService {
  readonly #grant: NetworkGrant;
  readonly #deps: EgressDeps;
  readonly #connectDeps: ConnectDeps;
  readonly #exchanges = new Map<number, Exchange>();
  readonly #tcp: Tcp;
  #made = 0;
  #closed = false;

  constructor(grant: NetworkGrant, deps: EgressDeps) {
    this.#grant = grant;
    this.#deps = deps;
    this.#connectDeps = {
      lookup: deps.lookup ?? lookupHost,
      reachOf: deps.reachOf ?? reachOf,
      tls: deps.tls ?? {},
    };
    this.#tcp = new Tcp(grant, {
      connect: this.#connectDeps,
      admit: () => this.#admit(),
      onRefusal: (subject, reason) => deps.onRefusal('sockets', subject, reason),
      onUse: deps.onUse,
    });
  }

  async handle(method: string, args: unknown): Promise<unknown> {
    if (this.#closed) throw new HostCallError('connection-terminated');
    switch (method) {
      case 'request':
        return this.#open(parseRequestHead(args));
      case 'writeBody':
        return this.#find(args).write(parseChunk(args, maxChunkBytes));
      case 'finishBody':
        return this.#find(args).finish();
      case 'response':
        return this.#find(args).response();
      case 'readBody':
        return this.#find(args).read(parseReadSize(args));
      case 'close':
        return this.#close(parseRequestId(args));
      default:
        return this.#tcp.handle(method, args);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const exchange of this.#exchanges.values()) exchange.close();
    this.#exchanges.clear();
    this.#tcp.close();
  }

  #open(head: RequestHead): number {
    const { target, verdict } = this.#judge(head);
    const { limits } = this.#grant;
    const checked = checkHead(head, target, this.#grant);
    if (checked.announcedBytes !== undefined && checked.announcedBytes > limits.maxRequestBytes) {
      throw new HostCallError('HTTP-request-body-size');
    }
    const request = this.#admit();
    for (const credential of checked.injected) this.#deps.onCredential?.(credential);
    const exchange = new Exchange({
      head: checked,
      hasBody: head.hasBody,
      timeouts: head.timeouts,
      limits,
      connect: (signal) => this.#connect(target, verdict, signal),
    });
    this.#exchanges.set(request, exchange);
    return request;
  }

  /** Makes room for a request or a connection, and gives it its number. */
  #admit(): number {
    const { maxConcurrent, maxRequests } = this.#grant.limits;
    const exchanges = [...this.#exchanges.values()];
    const open = exchanges.filter(({ isOpen }) => isOpen).length + this.#tcp.open;
    const held = exchanges.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
    if (open >= maxConcurrent || this.#made >= maxRequests || held > maxHeldBytes) {
      throw new HostCallError('connection-limit-reached');
    }
    this.#made += 1;
    lastNumber += 1;
    return lastNumber;
  }

  #judge({ scheme, authority }: RequestHead): { target: HostTarget; verdict: Verdict } {
    const target = parseTarget(scheme, authority);
    const verdict = target === undefined ? undefined : judge(this.#grant.allow, target);
    if (target === undefined || verdict === undefined) {
      const asked = target === undefined ? `${scheme}://${authority}` : originOf(target);
      this.#deps.onRefusal('network', asked, 'not-granted');
      throw new HostCallError('HTTP-request-denied');
    }
    this.#deps.onUse(verdict.pattern.text);
    return { target, verdict };
  }

  async #connect(target: HostTarget, verdict: Verdict, signal: AbortSignal) {
    try {
      return await connect(target, verdict, this.#connectDeps, signal);
    } catch (error) {
      if (error instanceof HostCallError && error.code === 'destination-IP-prohibited') {
        this.#deps.onRefusal('network', originOf(target), 'private-address');
      }
      throw error;
    }
  }

  #find(args: unknown): Exchange {
    const exchange = this.#exchanges.get(parseRequestId(args));
    if (exchange === undefined) throw new HostCallError('internal-error');
    return exchange;
  }

  #close(id: number): undefined {
    this.#exchanges.get(id)?.close();
    this.#exchanges.delete(id);
  }
}
