import type { KamiError } from '../errors/kami-error.ts';
import type { Sha256, ToolId } from '../model/ids.ts';
import type { InstalledTool } from './installed-tool.ts';

export interface ToolQuery {
  /** Keeps tools whose id or name contains this text, whatever its case. No character is a wildcard. */
  readonly filter?: string;
  readonly enabledOnly?: boolean;
  /** At most this many tools; all when left out. */
  readonly limit?: number;
  /** Tools to skip, in the order of their ids. */
  readonly offset?: number;
}

export interface ToolPage {
  /** Ordered by id. */
  readonly tools: readonly InstalledTool[];
  /** How many tools match the query, whatever limit and offset say. */
  readonly total: number;
  /**
   * One `KAMI_REGISTRY_CORRUPT` for each tool of this page that can't be read, so that one damaged entry
   * does not take the healthy tools along. Callers tell the reader about them.
   */
  readonly damaged: readonly KamiError[];
}

/**
 * What is installed. Every adapter passes `repository-contract.test.ts`.
 *
 * All methods are synchronous: a change of the database and the move of a file that belongs to it are one
 * step under one lock, with no await between them.
 *
 * Besides the errors named at each method, all may throw `KAMI_REGISTRY_LOCKED` (another process held the
 * write lock longer than the time-out), `KAMI_REGISTRY_READ_ONLY`, `KAMI_REGISTRY_CORRUPT`,
 * `KAMI_REGISTRY_IO` and `KAMI_DISK_FULL`. Data is untouched then.
 */
export interface ToolRepository {
  /** @throws KamiError `KAMI_REGISTRY_CORRUPT` when the entry of this tool is damaged */
  find(id: ToolId): InstalledTool | undefined;
  /** @throws KamiError `KAMI_USAGE` when limit or offset is no whole number of 0 or more */
  findAll(query?: ToolQuery): ToolPage;
  /** Ids of all installed tools in order, damaged entries included. */
  ids(): readonly string[];
  /** Every artifact that a tool refers to, damaged entries included. */
  artifacts(): ReadonlySet<Sha256>;
  /** Every tree of assets that a tool refers to, likewise. */
  assets(): ReadonlySet<Sha256>;
  /** @throws KamiError `KAMI_TOOL_ALREADY_INSTALLED` */
  insert(tool: InstalledTool): void;
  /**
   * Replaces the entry with this id.
   * @throws KamiError `KAMI_TOOL_NOT_FOUND`
   */
  update(tool: InstalledTool): void;
  /** Removes a tool, damaged or not. Says whether there was one. */
  delete(id: string): boolean;
  /**
   * Runs `work` under the write lock of the registry: all that it changes is committed together when it
   * returns, and nothing when it throws. No other process writes meanwhile. A transaction inside a
   * transaction joins it. `work` is synchronous: a promise as its result is refused and all is undone.
   */
  transaction<T>(work: () => T): T;
}
