import type { Logger } from '../model/logger.ts';
import type { ServedTools } from './served-tools.ts';

/** What a server works with. */
export interface ServerDeps {
  readonly host: ServedTools;
  readonly logger: Logger;
  /** KAMI's own version. */
  readonly version: string;
}
