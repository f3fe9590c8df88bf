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

/** What the guest of one call may ask, by name; what was not granted is not there. */
export type Services = Readonly<Partial<Record<ServiceName, HostService>>>;

export async function closeServices(services: Services): Promise<void> {
  await Promise.all(Object.values(services).map((service) => service.close()));
}

/** Requests of one call that may be on their way at the same time; more are refused. */
const maxPendingRequests = 64;

/** Takes the requests of one call to the services of that call, and the replies back. */
export class HostDispatcher {
  readonly #services: Services;
  readonly #reply: (reply: HostReply) => void;
  #pending = 0;
  #ended = false;

  constructor(services: Services, reply: (reply: HostReply) => void) {
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
    if (!this.#ended) this.#reply(reply);
  }

  /** The call has ended: nobody is answered any more. The services are for whoever made them to close. */
  end(): void {
    this.#ended = true;
  }

  async #perform(service: ServiceName, method: string, args: unknown): Promise<unknown> {
    const target = Object.hasOwn(this.#services, service) ? this.#services[service] : undefined;
    if (target === undefined || this.#ended) throw new HostCallError('access-denied');
    if (this.#pending >= maxPendingRequests) throw new HostCallError('busy');
    this.#pending += 1;
    try {
      return await target.handle(method, args);
    } finally {
      this.#pending -= 1;
    }
  }
}
