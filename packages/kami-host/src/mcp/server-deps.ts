import type { Refusal } from '../model/capability.ts';
import type { OpenRequest } from '../model/client-request.ts';
import type { GrantItem } from '../model/grant-item.ts';
import type { ToolId } from '../model/ids.ts';
import type { Json } from '../model/json.ts';
import type { Logger } from '../model/logger.ts';
import type { RequestStates } from './request-state.ts';
import type { ServedTools } from './served-tools.ts';

/** What a server works with. */
export interface ServerDeps {
  readonly host: ServedTools;
  readonly logger: Logger;
  /** KAMI's own version. */
  readonly version: string;
  /** Who calls, where there are several clients: their calls take turns. */
  readonly client?: string;
  readonly states: RequestStates;
  /** Where a person may be asked for permissions. */
  readonly permissions?: Permissions;
}

/** A person at the client who may permit what a tool was refused. What speaks to agents only carries question and answer. */
export interface Permissions {
  /**
   * What is permitted to a tool beside what it is granted, for a call with these answers to questions of this server.
   */
  permitted(id: ToolId, client: string, answers: ReadonlyMap<string, Json>): readonly GrantItem[];
  /** What to ask after a call; undefined when nothing could be permitted, or that was asked already. */
  question(
    id: ToolId,
    refusals: readonly Refusal[],
    answers: ReadonlyMap<string, Json>,
  ): OpenRequest | undefined;
}
