import type { Database } from 'better-sqlite3';
import { isKamiError, KamiError } from '../errors/kami-error.ts';
import { isSha256, type ToolId } from '../model/ids.ts';
import type { InstalledTool } from './installed-tool.ts';
import { sqliteCode, toRegistryError } from './sqlite-errors.ts';
import type { ToolPage, ToolQuery, ToolRepository } from './tool-repository.ts';
import { readToolRow, type ToolRow, toolColumns, writeToolRow } from './tool-row.ts';

/** What a filter is compared in: case and Unicode normal form play no part. */
function fold(text: unknown): string {
  return String(text).normalize('NFC').toLowerCase();
}

/**
 * The tools in an open, migrated database. `path` is for messages.
 * @throws KamiError `KAMI_REGISTRY_CORRUPT` when the tables are not those of a registry
 */
export function createSqliteToolRepository(db: Database, path: string): ToolRepository {
  function guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw toRegistryError(error, path);
    }
  }

  const statements = guarded(() => {
    db.function('kami_fold', { deterministic: true, directOnly: true }, fold);
    const values = toolColumns.map((column) => `@${column}`).join(', ');
    const assignments = toolColumns.map((column) => `${column} = @${column}`).join(', ');
    const matches =
      "(@filter = '' OR instr(kami_fold(id), @filter) OR instr(kami_fold(name), @filter)) AND (enabled OR NOT @enabledOnly)";
    type Match = { filter: string; enabledOnly: 0 | 1 };
    return {
      find: db.prepare<[string], ToolRow>('SELECT * FROM tools WHERE id = ?'),
      page: db.prepare<[Match & { limit: number; offset: number }], ToolRow>(
        `SELECT * FROM tools WHERE ${matches} ORDER BY id LIMIT @limit OFFSET @offset`,
      ),
      count: db.prepare<[Match], number>(`SELECT count(*) FROM tools WHERE ${matches}`).pluck(),
      ids: db.prepare<[], string>('SELECT id FROM tools ORDER BY id').pluck(),
      artifacts: db.prepare<[], string>('SELECT DISTINCT artifact_sha256 FROM tools').pluck(),
      assets: db
        .prepare<[], string>('SELECT DISTINCT assets_sha256 FROM tools WHERE assets_sha256 IS NOT NULL')
        .pluck(),
      insert: db.prepare<[ToolRow]>(`INSERT INTO tools (${toolColumns.join(', ')}) VALUES (${values})`),
      update: db.prepare<[ToolRow]>(`UPDATE tools SET ${assignments} WHERE id = @id`),
      delete: db.prepare<[string]>('DELETE FROM tools WHERE id = ?'),
    };
  });

  function transaction<T>(work: () => T): T {
    if (db.readonly) {
      throw new KamiError('KAMI_REGISTRY_READ_ONLY', {
        message: `The registry ${path} was opened for reading only.`,
        fix: 'Run a command that changes the registry without its read-only option.',
        data: { path },
      });
    }
    // IMMEDIATE takes the write lock at once: a read that becomes a write later fails with
    // SQLITE_BUSY_SNAPSHOT, whatever the time-out, when another process has written meanwhile.
    return guarded(() => db.transaction(work).immediate());
  }

  return {
    find(id: ToolId): InstalledTool | undefined {
      const row = guarded(() => statements.find.get(id));
      return row === undefined ? undefined : readToolRow(row, path);
    },

    findAll(query: ToolQuery = {}): ToolPage {
      const match = {
        filter: fold(query.filter ?? ''),
        enabledOnly: query.enabledOnly === true ? 1 : 0,
      } as const;
      const limit = query.limit === undefined ? -1 : wholeNumber('limit', query.limit);
      const offset = wholeNumber('offset', query.offset ?? 0);
      // One read transaction, so that the total belongs to the page.
      const { rows, total } = guarded(() =>
        db
          .transaction(() => ({
            rows: statements.page.all({ ...match, limit, offset }),
            total: statements.count.get(match) ?? 0,
          }))
          .deferred(),
      );
      const tools: InstalledTool[] = [];
      const damaged: KamiError[] = [];
      for (const row of rows) {
        try {
          tools.push(readToolRow(row, path));
        } catch (error) {
          if (!isKamiError(error)) throw error;
          damaged.push(error);
        }
      }
      return { tools, total, damaged };
    },

    ids: () => guarded(() => statements.ids.all()),

    artifacts: () => new Set(guarded(() => statements.artifacts.all()).filter(isSha256)),
    assets: () => new Set(guarded(() => statements.assets.all()).filter(isSha256)),

    insert(tool: InstalledTool): void {
      transaction(() => {
        try {
          statements.insert.run(writeToolRow(tool));
        } catch (error) {
          if (sqliteCode(error) !== 'SQLITE_CONSTRAINT_PRIMARYKEY') throw error;
          throw new KamiError('KAMI_TOOL_ALREADY_INSTALLED', {
            message: `The tool ${tool.id} is installed already.`,
            fix: `Remove it first: kami uninstall ${tool.id}`,
            data: { tool: tool.id },
          });
        }
      });
    },

    update(tool: InstalledTool): void {
      transaction(() => {
        if (statements.update.run(writeToolRow(tool)).changes === 1) return;
        throw new KamiError('KAMI_TOOL_NOT_FOUND', {
          message: `The tool ${tool.id} is not installed, so it can't be updated.`,
          fix: 'Install it first: kami install <directory>',
          data: { tool: tool.id },
        });
      });
    },

    delete: (id: string) => transaction(() => statements.delete.run(id).changes > 0),

    transaction,
  };
}

function wholeNumber(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new KamiError('KAMI_USAGE', {
    message: `The ${name} of a list is ${value}, but must be a whole number of 0 or more.`,
    fix: `Give a ${name} such as 20.`,
  });
}
