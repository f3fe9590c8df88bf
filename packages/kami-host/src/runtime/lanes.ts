/** Who a job is for. Clients take turns, and within a client its tools. */
export interface LaneName {
  readonly client: string;
  readonly tool: string;
}

/** Somebody who waits for a place to begin. */
export interface Waiter {
  readonly go: () => void;
  readonly refuse: (reason: unknown) => void;
}

/** The jobs of one tool for one client. */
export class Lane {
  /** Jobs that have begun and not ended. */
  begun = 0;
  /** Those of them that compute at this moment. */
  computing = 0;
  /** Jobs that have begun and want to compute again. */
  readonly resuming = new Set<() => void>();
  readonly starting = new Set<Waiter>();

  get isEmpty(): boolean {
    return this.begun === 0 && this.resuming.size === 0 && this.starting.size === 0;
  }
}

/** All lanes with something in them, in the order in which their turn comes. */
export class Lanes {
  readonly #clients = new Map<string, Map<string, Lane>>();

  of({ client, tool }: LaneName): Lane {
    const tools = this.#clients.get(client) ?? new Map<string, Lane>();
    const lane = tools.get(tool) ?? new Lane();
    this.#clients.set(client, tools);
    tools.set(tool, lane);
    return lane;
  }

  *[Symbol.iterator](): Generator<Lane> {
    for (const tools of this.#clients.values()) yield* tools.values();
  }

  /** The first lane in turn that the condition takes; it goes behind the others, and its client behind other clients. */
  next(takes: (lane: Lane) => boolean): Lane | undefined {
    for (const [client, tools] of this.#clients) {
      for (const [tool, lane] of tools) {
        if (!takes(lane)) continue;
        tools.delete(tool);
        tools.set(tool, lane);
        this.#clients.delete(client);
        this.#clients.set(client, tools);
        return lane;
      }
    }
    return undefined;
  }

  forgetIfEmpty({ client, tool }: LaneName): void {
    const tools = this.#clients.get(client);
    if (tools?.get(tool)?.isEmpty === true) tools.delete(tool);
    if (tools?.size === 0) this.#clients.delete(client);
  }
}
