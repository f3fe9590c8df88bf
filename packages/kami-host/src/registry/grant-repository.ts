import type { Refusal } from '../model/capability.ts';
import type { Grant } from '../model/grant.ts';
import type { GrantItem } from '../model/grant-item.ts';
import type { ToolId } from '../model/ids.ts';

/** What was refused a tool, over all its calls. */
export interface RefusalRecord {
  readonly capability: Refusal['capability'];
  readonly subject: string;
  readonly count: number;
  /** ISO 8601, UTC. */
  readonly lastAt: string;
}

/**
 * What operators granted to installed tools. Kept apart from the tools' entries, so that an update of a tool can't
 * change it; gone with the tool. Throws as `ToolRepository` does; its transactions are those of the tools.
 */
export interface GrantRepository {
  /**
   * The grant of a tool; undefined when nothing was ever granted.
   * @throws KamiError `KAMI_REGISTRY_CORRUPT` when it is damaged: a grant that can't be read grants nothing
   */
  find(id: ToolId): Grant | undefined;
  /**
   * Writes the whole grant of an installed tool. A caller that changes a grant reads and saves it in one transaction.
   * @throws KamiError `KAMI_TOOL_NOT_FOUND`
   */
  save(id: ToolId, grant: Grant): void;
  /** Takes everything away, damaged or not. Says whether there was a grant. */
  delete(id: string): boolean;
  /**
   * Notes that a call used what was granted. Costs nothing in most calls: notes are gathered, written every few
   * seconds and at the end, and never wait for another process. They do not move the change counter.
   */
  noteUse(id: ToolId, item: GrantItem, at: Date): void;
  /** Notes what a call was refused, in the same way; the latest few subjects of a tool are kept. */
  noteRefusal(id: ToolId, refusal: Refusal, at: Date): void;
  /** When each item was last used, by its text, to the minute; ISO 8601, UTC. */
  lastUses(id: ToolId): ReadonlyMap<string, string>;
  /** What was refused lately, the latest first. */
  refusals(id: ToolId): readonly RefusalRecord[];
  /** Writes down what was gathered, unless another process is writing: then it is tried again at the next note. */
  flush(): void;
}
