import { HostCallError, type HostReply, type HostRequest, type ServiceName } from './protocol.ts';

/** One side of the host that guests may ask, for one call and under its grant. */
export interface HostService {
  /**
   * Does what was asked. `args` come from the worker of a stranger's tool: they are checked like any input.
   * @throws HostCallError for all that the guest may be told
   */
  handle(method: string, args: unknown): Promise<unknown>;
  /** Frees what the call still holds. Called once, when the call has ended, however it ended. */
  close(): Promise<void>;
}

/** Requests of one call that may be on their way at the same time; more are refused. */
const maxPendingRequests = 64;

/** Takes the requests of one call to the services of that call, and the replies back. */
export class HostDispatcher {
  readonly #services: Readonly<Partial<Record<ServiceName, HostService>>>;
  readonly #reply: (reply: HostReply) => void;
  #pending = 0;
  #closed = false;

  constructor(
    services: Readonly<Partial<Record<ServiceName, HostService>>>,
    reply: (reply: HostReply) => void,
  ) {
    this.#services = services;
    this.#reply = reply;
  }

  async dispatch({ id, service, method, args }: HostRequest): Promise<void> {
    const reply = await this.#perform(service, method, args).then(
      (value): HostReply => ({ id, status: 'done', value }),
      (error: unknown): HostReply =>
        error instanceof HostCallError
          ? { id, status: 'failed', code: error.code, detail: error.message }
          : { id, status: 'failed', code: 'internal-error' },
    );
    if (!this.#closed) this.#reply(reply);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(Object.values(this.#services).map((service) => service.close()));
  }

  async #perform(service: ServiceName, method: string, args: unknown): Promise<unknown> {
    const target = Object.hasOwn(this.#services, service) ? this.#services[service] : undefined;
    if (target === undefined || this.#closed) throw new HostCallError('access-denied');
    if (this.#pending >= maxPendingRequests) throw new HostCallError('busy');
    this.#pending += 1;
    try {
      return await target.handle(method, args);
    } finally {
      this.#pending -= 1;
    }
  }
}
