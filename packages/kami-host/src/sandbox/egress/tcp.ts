import { originOf } from '../../model/host-match.ts';
import { HostCallError } from '../host-call/protocol.ts';
import { type ConnectDeps, connect } from './connect.ts';
import { maxChunkBytes } from './egress-protocol.ts';
import type { NetworkGrant } from './network-grant.ts';
import {
  parseChunk,
  parseEndpoint,
  parseName,
  parseReadSize,
  parseShutdown,
  parseSocketId,
} from './parse-args.ts';
import { TcpConnection } from './tcp-connection.ts';
import type { TcpEndpoint } from './tcp-protocol.ts';
import { TcpDenied, type TcpTarget, TcpTargets } from './tcp-targets.ts';

export interface TcpDeps {
  readonly connect: ConnectDeps;
  /**
   * Counts a lookup or a connection against what the call may have, and gives it its number.
   * @throws HostCallError when it has enough
   */
  readonly admit: () => number;
  readonly onRefusal: (subject: string, reason: TcpDenied['reason']) => void;
  readonly onUse: (pattern: string) => void;
}

/** Raw TCP of one call: connections to the hosts and ports that were granted by a `tcp://` pattern, and nothing else. */
export class Tcp {
  readonly #limits: NetworkGrant['limits'];
  readonly #deps: TcpDeps;
  readonly #targets: TcpTargets;
  readonly #connections = new Map<number, TcpConnection>();
  readonly #closing = new AbortController();

  constructor({ allow, limits }: NetworkGrant, deps: TcpDeps) {
    this.#limits = limits;
    this.#deps = deps;
    this.#targets = new TcpTargets(allow, deps.connect);
  }

  /** Connections there are, or will be. */
  get open(): number {
    return [...this.#connections.values()].filter(({ isOpen }) => isOpen).length;
  }

  async handle(method: string, args: unknown): Promise<unknown> {
    switch (method) {
      case 'resolve':
        return this.#resolve(parseName(args));
      case 'tcpConnect':
        return this.#connect(parseEndpoint(args));
      case 'tcpConnected':
        return this.#find(args).connected();
      case 'tcpWrite':
        return this.#find(args).write(parseChunk(args, maxChunkBytes));
      case 'tcpRead':
        return this.#find(args).read(parseReadSize(args));
      case 'tcpShutdown':
        return this.#find(args).shutdown(parseShutdown(args));
      case 'tcpClose':
        return this.#release(parseSocketId(args));
      default:
        throw new HostCallError('internal-error');
    }
  }

  close(): void {
    this.#closing.abort(new HostCallError('connection-terminated'));
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
  }

  async #resolve(name: string): Promise<readonly string[]> {
    const signal = () => {
      this.#deps.admit();
      return AbortSignal.any([this.#closing.signal, AbortSignal.timeout(this.#limits.connectTimeoutMs)]);
    };
    try {
      return await this.#targets.resolve(name, signal);
    } catch (error) {
      throw this.#recorded(error);
    }
  }

  #connect(endpoint: TcpEndpoint): number {
    const target = this.#judge(endpoint);
    const socket = this.#deps.admit();
    const connection = new TcpConnection({
      limits: this.#limits,
      connect: (signal) => this.#reach(target, signal),
    });
    this.#connections.set(socket, connection);
    return socket;
  }

  #judge(endpoint: TcpEndpoint): TcpTarget {
    try {
      const target = this.#targets.judge(endpoint);
      this.#deps.onUse(target.verdict.pattern.text);
      return target;
    } catch (error) {
      throw this.#recorded(error);
    }
  }

  async #reach({ address, port, verdict }: TcpTarget, signal: AbortSignal) {
    const target = { scheme: 'tcp', host: address, port } as const;
    try {
      return await connect(target, verdict, this.#deps.connect, signal);
    } catch (error) {
      if (error instanceof HostCallError && error.code === 'destination-IP-prohibited') {
        this.#deps.onRefusal(originOf(target), 'private-address');
      }
      throw error;
    }
  }

  #recorded(error: unknown): unknown {
    if (error instanceof TcpDenied) this.#deps.onRefusal(error.subject, error.reason);
    return error;
  }

  #find(args: unknown): TcpConnection {
    const connection = this.#connections.get(parseSocketId(args));
    if (connection === undefined) throw new HostCallError('internal-error');
    return connection;
  }

  /** The connection keeps its place until it is gone, so that what is left of it counts and ends with the call. */
  async #release(socket: number): Promise<undefined> {
    await this.#connections.get(socket)?.release();
    this.#connections.delete(socket);
  }
}
