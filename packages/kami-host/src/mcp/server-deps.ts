import type { Logger } from '../model/logger.ts';
import type { ToolHost } from '../runtime/tool-host.ts';

/** What a server works with. */
export interface ServerDeps {
  readonly host: Pick<ToolHost, 'tools' | 'call'>;
  readonly logger: Logger;
  /** KAMI's own version. */
  readonly version: string;
}
