import { type ClientMethods, inputRequired } from '../host-call/client-methods.ts';
import { HostCallError } from '../host-call/protocol.ts';
import type { CallState } from './call-state.ts';

/** A guest asked for what its caller has to answer first. */
export class CallSuspended extends Error {
  override readonly name = 'CallSuspended';
}

/** What came sooner after another one than this nobody would see, ms. */
const progressEveryMs = 10;
const maxMessageLength = 1_000;
/** What the host says where nobody can be asked at all. */
const nobody = { code: 'NO_CLIENT', message: 'The tool has no client that it could ask.' };

export function clientInterfaces({ host }: Pick<CallState, 'host'>) {
  let lastAt = Number.NEGATIVE_INFINITY;
  return {
    'kami:tool/client': {
      progress(done: number, total: number | undefined, message: string | undefined): void {
        const now = performance.now();
        const isLast = total !== undefined && done >= total;
        if (host === undefined || (now - lastAt < progressEveryMs && !isLast)) return;
        lastAt = now;
        const args = { done, total, message: message?.slice(0, maxMessageLength) };
        host.start<ClientMethods, 'progress'>('client', 'progress', args);
      },
      /** Throws its error case as a plain text, as the glue expects it. */
      ask(requests: string): string {
        if (host === undefined) throw JSON.stringify(nobody);
        try {
          return host.call<ClientMethods, 'ask'>('client', 'ask', { requests });
        } catch (error) {
          if (!(error instanceof HostCallError)) throw error;
          if (error.code === inputRequired) throw new CallSuspended('its caller has to answer first');
          throw JSON.stringify(
            error.code === 'access-denied' ? nobody : { code: error.code, message: error.message },
          );
        }
      },
    },
  };
}
