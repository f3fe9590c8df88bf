import type { Logger } from '../../model/logger.ts';
import type { ServedTools } from '../served-tools.ts';

/** What a probe is told: no more than it needs, because anybody may ask. */
export interface Health {
  readonly status: 200 | 503;
  readonly body: { readonly status: 'ok' | 'ready' | 'draining' | 'unavailable' };
}

export interface HealthDeps {
  readonly host: Pick<ServedTools, 'tools'>;
  readonly logger: Logger;
  readonly isDraining: () => boolean;
}

/** `/health`: the process answers. `/health/ready`: send it calls. Undefined for any other path. */
export function checkHealth(path: string, { host, logger, isDraining }: HealthDeps): Health | undefined {
  if (path === '/health') return { status: 200, body: { status: 'ok' } };
  if (path !== '/health/ready') return undefined;
  if (isDraining()) return { status: 503, body: { status: 'draining' } };
  try {
    host.tools();
    return { status: 200, body: { status: 'ready' } };
  } catch (error) {
    logger.error('the registry can not be read', { err: error });
    return { status: 503, body: { status: 'unavailable' } };
  }
}
