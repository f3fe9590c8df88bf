import { toRegistryError } from './sqlite-errors.ts';

/**
 * Loads SQLite, and does nothing with it.
 * @returns why its native part can't be used; undefined when it can
 */
export async function sqliteProblem(): Promise<string | undefined> {
  try {
    const { default: SqliteDatabase } = await import('better-sqlite3');
    new SqliteDatabase(':memory:').close();
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
  }
}

const maxListed = 5;

/**
 * What SQLite finds damaged in a registry, in its words; empty when nothing is. Reads all of the file, and changes
 * nothing.
 * @throws KamiError as `openRegistry`
 */
export async function registryDamage(path: string): Promise<readonly string[]> {
  const { default: SqliteDatabase } = await import('better-sqlite3');
  try {
    const db = new SqliteDatabase(path, { readonly: true, fileMustExist: true });
    try {
      const lines = db.prepare<[], string>(`PRAGMA integrity_check(${maxListed})`).pluck().all();
      return lines.filter((line) => line !== 'ok');
    } finally {
      db.close();
    }
  } catch (error) {
    throw toRegistryError(error, path);
  }
}
