import type { Logger } from '../model/logger.ts';
import type { ToolHost } from '../runtime/tool-host.ts';
import type { Granting } from './granting.ts';
import type { RequestStates } from './request-state.ts';

/** What a server works with. */
export interface ServerDeps {
  readonly host: Pick<ToolHost, 'tools' | 'call' | 'consult'>;
  readonly logger: Logger;
  /** KAMI's own version. */
  readonly version: string;
  /** Who calls, where there are several clients: their calls take turns. */
  readonly client?: string;
  readonly states: RequestStates;
  /** Where a person may be asked for permissions. */
  readonly granting?: Granting;
}
