import type { EmptyResult, Server, SubscribeRequest, UnsubscribeRequest } from '@modelcontextprotocol/server';
import { findResource } from './resources.ts';
import type { ServerDeps } from './server-deps.ts';

/** More in one connection nobody follows. */
const maxSubscriptions = 1_000;

/**
 * The resources that a client of 2025-11-25 follows. What is at a URI is computed by a component when it is read, in a
 * fresh state: it is another one when the component is, because its tool was updated.
 */
export class Subscriptions {
  readonly #deps: Pick<ServerDeps, 'host' | 'logger'>;
  readonly #server: Server;
  /** By URI, what it was computed by. */
  readonly #followed = new Map<string, string>();
  #end: (() => void) | undefined;

  constructor(server: Server, deps: Pick<ServerDeps, 'host' | 'logger'>) {
    this.#server = server;
    this.#deps = deps;
  }

  /** Answers `resources/subscribe`. */
  subscribe({ params: { uri } }: SubscribeRequest): EmptyResult {
    const source = this.#sourceOf(uri);
    if (this.#followed.size < maxSubscriptions) this.#followed.set(uri, source);
    this.#end ??= this.#deps.host.onListChange((what) => {
      if (what === 'components') void this.#tell();
    });
    return {};
  }

  /** Answers `resources/unsubscribe`. */
  unsubscribe({ params: { uri } }: UnsubscribeRequest): EmptyResult {
    this.#followed.delete(uri);
    return {};
  }

  /** The connection is over. */
  close(): void {
    this.#end?.();
    this.#followed.clear();
  }

  async #tell(): Promise<void> {
    for (const [uri, before] of this.#followed) {
      const now = this.#sourceNow(uri);
      if (now === before) continue;
      this.#followed.set(uri, now);
      await this.#server.sendResourceUpdated({ uri }).catch((error: unknown) => {
        this.#deps.logger.warn('a change could not be told', { err: error });
      });
    }
  }

  /** @throws ResourceNotFoundError */
  #sourceOf(uri: string): string {
    return findResource(this.#deps.host.tools(), uri).tool.artifact.sha256;
  }

  #sourceNow(uri: string): string {
    try {
      return this.#sourceOf(uri);
    } catch {
      // It is gone, which is a change, too.
      return '';
    }
  }
}
