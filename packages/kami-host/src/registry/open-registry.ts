import { closeSync, lstatSync, mkdirSync, openSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Database } from 'better-sqlite3';
import { KamiError } from '../errors/kami-error.ts';
import { fileErrorCode, toWriteError } from './file-errors.ts';
import type { GrantRepository } from './grant-repository.ts';
import { checkSchemaVersion, migrate, schemaVersion } from './migrations.ts';
import { createSecretIndex, type SecretIndex } from './secret-index.ts';
import { isLockError, toRegistryError } from './sqlite-errors.ts';
import { createSqliteGrantRepository } from './sqlite-grant-repository.ts';
import { createSqliteToolRepository } from './sqlite-tool-repository.ts';
import type { ToolRepository } from './tool-repository.ts';

export interface OpenRegistryOptions {
  /** Opens an existing registry without the means to change it. */
  readonly readonly?: boolean;
  /** How long to wait for another process's write lock, ms. Default 5000. */
  readonly busyTimeoutMs?: number;
}

/** An open registry database. */
export interface Registry {
  /** Absolute path of the database file, links resolved. */
  readonly path: string;
  readonly tools: ToolRepository;
  readonly grants: GrantRepository;
  readonly secrets: SecretIndex;
  /**
   * A number that differs from the one given before when anybody has changed tools, grants or secrets since, this
   * connection and other processes alike. Costs microseconds: made for polling.
   */
  changeCounter(): number;
  /** Ends the connection; closing again does nothing. */
  close(): void;
}

/**
 * Opens the registry at `path`; a missing one is created (file 0600, new folders 0700), an older one is
 * migrated. Several processes may do so at once.
 *
 * @throws KamiError `KAMI_REGISTRY_LOCKED`, `KAMI_REGISTRY_READ_ONLY`, `KAMI_REGISTRY_CORRUPT` (damaged, or no
 * registry), `KAMI_REGISTRY_NEWER`, `KAMI_REGISTRY_IO`, `KAMI_DISK_FULL`, `KAMI_FILE_UNREADABLE` (a folder, or
 * no access), `KAMI_FILE_UNWRITABLE` (can't be created), `KAMI_FILE_NOT_FOUND` (with `readonly`)
 */
export async function openRegistry(path: string, options: OpenRegistryOptions = {}): Promise<Registry> {
  // Loaded here because the native library is half of the start-up time of commands that need no registry.
  const { default: SqliteDatabase } = await import('better-sqlite3');
  const file = resolve(path);
  const readonly = options.readonly ?? false;
  const timeout = options.busyTimeoutMs ?? 5_000;
  if (readonly) requireFile(file);
  else createFile(file);

  let db: Database | undefined;
  try {
    const real = realpathSync(file);
    db = new SqliteDatabase(real, { readonly, fileMustExist: true, timeout });
    db.pragma('trusted_schema = OFF');
    db.pragma('foreign_keys = ON');
    const version = checkSchemaVersion(db, real);
    if (readonly) {
      requireCurrent(version, real);
    } else {
      useWriteAheadLog(db, timeout);
      // FULL, not NORMAL: after a power cut NORMAL may lose the last commits of the log, and an installation
      // removes the files of the version it replaced once it has committed.
      db.pragma('synchronous = FULL');
      db.pragma('fullfsync = ON');
      migrate(db, real);
    }
    return createRegistry(db, real);
  } catch (error) {
    db?.close();
    throw toRegistryError(error, file);
  }
}

function createRegistry(db: Database, path: string): Registry {
  // The first counts what other connections committed, the second what this one did. They are read without a
  // look into the file; the counter itself only when one of them has moved.
  const dataVersion = db.prepare<[], number>('PRAGMA data_version').pluck();
  const ownChanges = db.prepare<[], number>('SELECT total_changes()').pluck();
  const changes = db.prepare<[], number>('SELECT count FROM changes').pluck();
  let seen = -1;
  let counter = 0;
  const tools = createSqliteToolRepository(db, path);
  const grants = createSqliteGrantRepository(db, path, tools);
  return {
    path,
    tools,
    grants,
    secrets: createSecretIndex(db, path, tools),
    changeCounter(): number {
      try {
        const now = (dataVersion.get() ?? 0) + (ownChanges.get() ?? 0);
        if (now !== seen) counter = changes.get() ?? 0;
        seen = now;
        return counter;
      } catch (error) {
        throw toRegistryError(error, path);
      }
    },
    close(): void {
      if (!db.open) return;
      try {
        grants.flush();
      } finally {
        db.close();
      }
    },
  };
}

function createFile(file: string): void {
  refuseFolder(file);
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    // Exclusive, so that an existing database is not opened and closed by us: closing any descriptor of a file
    // drops every lock that this process holds on it, those of SQLite included. SQLite gives its log files
    // the mode of the database.
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if (fileErrorCode(error) !== 'EEXIST') throw toWriteError(error, file);
    refuseDanglingLink(file);
  }
}

/** EEXIST also comes when a parent is a file, and for a link that leads nowhere. */
function refuseDanglingLink(file: string): void {
  if (statSync(file, { throwIfNoEntry: false }) !== undefined) return;
  const isLink = lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  throw new KamiError('KAMI_FILE_UNWRITABLE', {
    message: isLink
      ? `The registry ${file} is a link to a file that does not exist.`
      : `The registry ${file} can't be created: ${dirname(file)} is not a folder.`,
    fix: 'Choose another registry with --db <file>.',
    data: { path: file },
  });
}

function requireFile(file: string): void {
  refuseFolder(file);
  if (statSync(file, { throwIfNoEntry: false }) !== undefined) return;
  throw new KamiError('KAMI_FILE_NOT_FOUND', {
    message: `There is no registry at ${file}.`,
    fix: 'Install a tool first (kami install <directory>), or name the right file with --db <file>.',
    data: { path: file },
  });
}

function refuseFolder(file: string): void {
  if (statIfThere(file)?.isDirectory() !== true) return;
  throw new KamiError('KAMI_FILE_UNREADABLE', {
    message: `The registry ${file} is a folder, but must be a database file.`,
    fix: `Name a file in it instead: --db ${file}/registry.db`,
    data: { path: file },
  });
}

function statIfThere(file: string): ReturnType<typeof statSync> {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch (error) {
    const code = fileErrorCode(error) ?? 'an error';
    throw new KamiError('KAMI_FILE_UNREADABLE', {
      message: `The registry ${file} can't be opened: the system reported ${code}.`,
      fix: 'Give this user access to the file and its folder, or choose another registry with --db <file>.',
      cause: error,
      data: { path: file, system: code },
    });
  }
}

function requireCurrent(version: number, path: string): void {
  if (version === schemaVersion) return;
  throw new KamiError('KAMI_REGISTRY_READ_ONLY', {
    message: `The registry ${path} has schema version ${version} and must be brought to ${schemaVersion}, but was opened for reading only.`,
    fix: 'Run kami list once as a user who may write to it.',
    data: { path, found: version, known: schemaVersion },
  });
}

/** Readers never wait for a writer in this mode. It is a property of the file, so it is set only once. */
function useWriteAheadLog(db: Database, timeoutMs: number): void {
  const deadline = Date.now() + timeoutMs;
  while (db.pragma('journal_mode', { simple: true }) !== 'wal') {
    try {
      db.pragma('journal_mode = WAL');
    } catch (error) {
      // SQLite does not wait its time-out out here when two processes switch a new file at the same moment.
      if (!isLockError(error) || Date.now() >= deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}
