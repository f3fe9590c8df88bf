import type { Database } from 'better-sqlite3';
import { KamiError } from '../errors/kami-error.ts';
import type { ToolId } from '../model/ids.ts';
import { sqliteCode, toRegistryError } from './sqlite-errors.ts';
import type { ToolRepository } from './tool-repository.ts';

export interface SecretEntry {
  readonly name: string;
  /** ISO 8601, UTC. */
  readonly setAt: string;
}

/**
 * Which tools have which secrets, without their values: those are in a file of their own (`createSecretStore`).
 * What is not in this index does not exist, whatever is in that file; the entries of a tool go with it.
 */
export interface SecretIndex {
  /** Ordered by name. */
  list(id: ToolId): readonly SecretEntry[];
  /** @throws KamiError `KAMI_TOOL_NOT_FOUND` */
  put(id: ToolId, name: string, at: Date): void;
  /** Says whether there was one. */
  remove(id: ToolId, name: string): boolean;
  /** Tool ids, each with the names of its secrets. */
  all(): ReadonlyMap<string, ReadonlySet<string>>;
}

/** The index in an open, migrated database. `path` is for messages. */
export function createSecretIndex(
  db: Database,
  path: string,
  { transaction }: Pick<ToolRepository, 'transaction'>,
): SecretIndex {
  function guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw toRegistryError(error, path);
    }
  }

  const statements = guarded(() => ({
    list: db.prepare<[string], SecretEntry>(
      'SELECT name, set_at AS setAt FROM secrets WHERE tool_id = ? ORDER BY name',
    ),
    put: db.prepare<[string, string, string]>(
      `INSERT INTO secrets (tool_id, name, set_at) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET set_at = excluded.set_at`,
    ),
    remove: db.prepare<[string, string]>('DELETE FROM secrets WHERE tool_id = ? AND name = ?'),
    all: db.prepare<[], { id: string; name: string }>('SELECT tool_id AS id, name FROM secrets'),
  }));

  return {
    list: (id) => guarded(() => statements.list.all(id)),

    put(id, name, at) {
      transaction(() => {
        try {
          statements.put.run(id, name, at.toISOString());
        } catch (error) {
          if (sqliteCode(error) !== 'SQLITE_CONSTRAINT_FOREIGNKEY') throw error;
          throw new KamiError('KAMI_TOOL_NOT_FOUND', {
            message: `The tool ${id} is not installed, so it can't have a secret.`,
            fix: 'See what is installed: kami list',
            data: { tool: id },
          });
        }
      });
    },

    remove: (id, name) => transaction(() => statements.remove.run(id, name).changes > 0),

    all() {
      const found = new Map<string, Set<string>>();
      for (const { id, name } of guarded(() => statements.all.all())) {
        found.set(id, (found.get(id) ?? new Set()).add(name));
      }
      return found;
    },
  };
}
