import { isIP } from 'node:net';
import { canonicalHost, type HostPattern, originOf } from '../../model/host-match.ts';
import { HostCallError } from '../host-call/protocol.ts';
import { type ConnectDeps, checkedAddresses } from './connect.ts';
import { judge, type Verdict } from './judge.ts';
import type { TcpEndpoint } from './tcp-protocol.ts';

/** Where a connection may go, and why. */
export interface TcpTarget {
  readonly address: string;
  readonly port: number;
  readonly verdict: Verdict;
}

/** What was asked for and was not granted. `subject` names it as the grant would that allowed it, where one could. */
export class TcpDenied extends HostCallError {
  readonly subject: string;
  readonly reason: 'not-granted' | 'private-address';

  constructor(subject: string, reason: TcpDenied['reason']) {
    super(reason === 'not-granted' ? 'tcp-denied' : 'destination-IP-prohibited');
    this.subject = subject.slice(0, maxSubjectLength);
    this.reason = reason;
  }
}

/**
 * The addresses that one call may connect to: those granted literally, and those that a granted name stood for when
 * it was looked up. A name is looked up once: what it stands for does not change within a call.
 */
export class TcpTargets {
  readonly #allow: readonly HostPattern[];
  readonly #deps: Pick<ConnectDeps, 'lookup' | 'reachOf'>;
  readonly #lookups = new Map<string, Promise<readonly string[]>>();
  readonly #addresses = new Map<string, readonly string[]>();

  constructor(allow: readonly HostPattern[], deps: Pick<ConnectDeps, 'lookup' | 'reachOf'>) {
    this.#allow = allow.filter(({ scheme }) => scheme === 'tcp');
    this.#deps = deps;
  }

  /**
   * The addresses of a name.
   * @param signal what ends a lookup, asked for when one begins; it may throw
   * @throws TcpDenied
   */
  async resolve(name: string, signal: () => AbortSignal): Promise<readonly string[]> {
    const host = canonicalHost(isIP(name) === 6 ? `[${name}]` : name);
    if (host !== undefined && isIP(host) !== 0) return [host];
    const pattern = this.#allow.find((granted) => granted.host === host);
    // Asking DNS is telling whoever answers for the name.
    if (host === undefined || pattern === undefined) throw new TcpDenied(`lookup of ${name}`, 'not-granted');
    const known = this.#lookups.get(host);
    if (known !== undefined) return known;
    const lookup = this.#lookUp(host, pattern, signal());
    this.#lookups.set(host, lookup);
    lookup.catch(() => this.#lookups.delete(host));
    return lookup;
  }

  /** @throws TcpDenied */
  judge({ address: asked, port }: TcpEndpoint): TcpTarget {
    const address = canonicalAddress(asked);
    if (address === undefined) throw new TcpDenied(`tcp://${asked}:${port}`, 'not-granted');
    const names = [...this.#addresses].filter(([, known]) => known.includes(address)).map(([name]) => name);
    for (const host of [address, ...names]) {
      const verdict = judge(this.#allow, { scheme: 'tcp', host, port });
      if (verdict !== undefined) return { address, port, verdict };
    }
    throw new TcpDenied(originOf({ scheme: 'tcp', host: names[0] ?? address, port }), 'not-granted');
  }

  async #lookUp(host: string, pattern: HostPattern, signal: AbortSignal): Promise<readonly string[]> {
    const verdict = judge(this.#allow, { scheme: 'tcp', host, port: pattern.port ?? 0 });
    if (verdict === undefined) throw new TcpDenied(`lookup of ${host}`, 'not-granted');
    const found = await checkedAddresses(host, verdict, this.#deps, signal).catch((error: unknown) => {
      const isPrivate = error instanceof HostCallError && error.code === 'destination-IP-prohibited';
      throw isPrivate ? new TcpDenied(pattern.text, 'private-address') : error;
    });
    const addresses = [...new Set(found.flatMap((address) => canonicalAddress(address) ?? []))];
    this.#addresses.set(host, addresses.slice(0, maxAddresses));
    return addresses.slice(0, maxAddresses);
  }
}

/** Addresses of one name that a guest is told. */
const maxAddresses = 32;
/** As long as `tcp://`, a host name and a port can be. */
const maxSubjectLength = 300;

/** An address as `canonicalHost` writes it; undefined for what is none, and for one with a zone. */
function canonicalAddress(text: string): string | undefined {
  const family = isIP(text);
  return family === 0 ? undefined : canonicalHost(family === 6 ? `[${text}]` : text);
}
