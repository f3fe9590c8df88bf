import type { HostService } from '../sandbox/host-call/dispatcher.ts';
import { HostCallError, type Pause } from '../sandbox/host-call/protocol.ts';
import type { Execution } from './executor.ts';
import type { Place } from './scheduler.ts';

const longestMs = 60_000;

/**
 * The services of a call that gives its turn to another while its guest waits for them, or for the clock. The guest
 * goes on when something is there for it, and when it has a turn again.
 */
export function shareTurn(services: Execution['services'], place: Place): Execution['services'] {
  /** Requests that are being worked on. */
  let open = 0;
  /** Ends the pauses; an honest worker has one at a time. */
  const pauses = new Set<() => void>();
  const wake = () => {
    for (const end of pauses) end();
  };

  const shared = Object.entries(services).map(([name, service]): readonly [string, HostService] => [
    name,
    {
      async handle(method, args) {
        open += 1;
        try {
          return await service.handle(method, args);
        } finally {
          open -= 1;
          wake();
          await place.resume();
        }
      },
      close: () => service.close(),
    },
  ]);
  const turn: HostService = {
    async handle(method, args) {
      const pause = method === 'pause' ? readPause(args) : undefined;
      if (pause === undefined) throw new HostCallError('invalid-argument');
      // A reply is on its way that the guest did not know of.
      if (open < pause.waitingFor) return undefined;
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, pause.ms);
      pauses.add(resolve);
      place.pause();
      await promise;
      pauses.delete(resolve);
      clearTimeout(timer);
      await place.resume();
      return undefined;
    },
    close: async () => wake(),
  };
  return { ...Object.fromEntries(shared), turn };
}

function readPause(args: unknown): Pause | undefined {
  if (typeof args !== 'object' || args === null) return undefined;
  const { waitingFor, ms } = args as Readonly<Record<string, unknown>>;
  if (typeof waitingFor !== 'number' || typeof ms !== 'number') return undefined;
  return ms >= 0 && ms <= longestMs ? { waitingFor, ms } : undefined;
}
