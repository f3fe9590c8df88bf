import type { Database } from 'better-sqlite3';
import { KamiError } from '../errors/kami-error.ts';
import { createGrant, type Grant, grantItems } from '../model/grant.ts';
import { formatGrantItem, parseGrantItem } from '../model/grant-item.ts';
import { createGrantNotes } from './grant-notes.ts';
import type { GrantRepository, RefusalRecord } from './grant-repository.ts';
import { sqliteCode, toRegistryError } from './sqlite-errors.ts';
import type { ToolRepository } from './tool-repository.ts';

interface GrantRow {
  readonly tool_id: string;
  /** JSON list of grant items as text. */
  readonly items: string;
  readonly granted_by: string;
  readonly granted_at: string;
}

/** The grants in an open, migrated database. `path` is for messages. */
export function createSqliteGrantRepository(
  db: Database,
  path: string,
  { transaction }: Pick<ToolRepository, 'transaction'>,
): GrantRepository {
  function guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw toRegistryError(error, path);
    }
  }

  const statements = guarded(() => ({
    find: db.prepare<[string], GrantRow>('SELECT * FROM grants WHERE tool_id = ?'),
    save: db.prepare<[GrantRow]>(
      `INSERT INTO grants (tool_id, items, granted_by, granted_at)
       VALUES (@tool_id, @items, @granted_by, @granted_at)
       ON CONFLICT DO UPDATE SET
         items = excluded.items, granted_by = excluded.granted_by, granted_at = excluded.granted_at`,
    ),
    delete: db.prepare<[string]>('DELETE FROM grants WHERE tool_id = ?'),
    uses: db.prepare<[string], { item: string; last_used: string }>(
      'SELECT item, last_used FROM grant_uses WHERE tool_id = ?',
    ),
    refusals: db.prepare<[string], RefusalRecord>(
      'SELECT capability, subject, count, last_at AS lastAt FROM refusals WHERE tool_id = ? ORDER BY last_at DESC, rowid DESC',
    ),
  }));
  const notes = guarded(() => createGrantNotes(db));

  return {
    find(id) {
      const row = guarded(() => statements.find.get(id));
      return row === undefined ? undefined : readGrantRow(row, path);
    },

    save(id, grant) {
      const row = {
        tool_id: id,
        items: JSON.stringify(grantItems(grant).map(formatGrantItem)),
        granted_by: grant.grantedBy ?? '',
        granted_at: grant.grantedAt ?? '',
      };
      transaction(() => {
        try {
          statements.save.run(row);
        } catch (error) {
          if (sqliteCode(error) !== 'SQLITE_CONSTRAINT_FOREIGNKEY') throw error;
          throw new KamiError('KAMI_TOOL_NOT_FOUND', {
            message: `The tool ${id} is not installed, so nothing can be granted to it.`,
            fix: 'See what is installed: kami list',
            data: { tool: id },
          });
        }
      });
    },

    delete: (id) => transaction(() => statements.delete.run(id).changes > 0),

    noteUse: (id, item, at) => guarded(() => notes.use(id, formatGrantItem(item), at)),
    noteRefusal: (id, refusal, at) => guarded(() => notes.refusal(id, refusal, at)),
    flush: () => guarded(() => notes.flush()),
    lastUses: (id) =>
      new Map(guarded(() => statements.uses.all(id)).map(({ item, last_used }) => [item, last_used])),
    refusals: (id) => guarded(() => statements.refusals.all(id)),
  };
}

function readGrantRow(row: GrantRow, path: string): Grant {
  const at = new Date(row.granted_at);
  try {
    const texts: unknown = JSON.parse(row.items);
    if (!Array.isArray(texts) || !texts.every((text) => typeof text === 'string')) throw damaged(row, path);
    const grant = createGrant(texts.map(parseGrantItem), { by: row.granted_by, at });
    // Items that exclude each other were never written together.
    if (grantItems(grant).length !== texts.length) throw damaged(row, path);
    return grant;
  } catch (error) {
    throw error instanceof KamiError && error.code === 'KAMI_REGISTRY_CORRUPT'
      ? error
      : damaged(row, path, error);
  }
}

function damaged({ tool_id: id }: GrantRow, path: string, cause?: unknown): KamiError {
  return new KamiError('KAMI_REGISTRY_CORRUPT', {
    message: `What was granted to "${id}" can't be read from the registry ${path}: the entry is damaged. The tool is granted nothing.`,
    fix: `Take it away and grant it again: kami revoke ${id} --all`,
    cause,
    data: { path, tool: id },
  });
}
