/**
 * `cell`: guests run in child processes, so that one that brings V8 down takes only its own process along.
 * `thread`: they run in threads of this process, for embedding and debugging.
 */
export type Isolation = (typeof isolations)[number];
export const isolations = ['cell', 'thread'] as const;

/**
 * Which tools may run in the same cell: none but the tool itself, those signed with the same key, or all. A tool
 * without a signature has no publisher that anybody knows, and shares with nobody.
 */
export type CellSharing = (typeof cellSharings)[number];
export const cellSharings = ['per-tool', 'per-publisher', 'shared'] as const;
