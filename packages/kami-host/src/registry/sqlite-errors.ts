import { isKamiError, KamiError } from '../errors/kami-error.ts';

/** SQLite's own code of an error, such as `SQLITE_BUSY_SNAPSHOT`, when it is one of SQLite's. */
export function sqliteCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' && error.code.startsWith('SQLITE_') ? error.code : undefined;
}

/** Whether an error says that another connection holds a lock that is needed. */
export function isLockError(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED|PROTOCOL)(_|$)/.test(sqliteCode(error) ?? '');
}

/**
 * What an error of the database at `path` means to the reader. Judged by SQLite's code, never by its text.
 * A KamiError and what is not SQLite's is given back as it is.
 */
export function toRegistryError(error: unknown, path: string): unknown {
  const code = sqliteCode(error);
  if (code === undefined || isKamiError(error)) return error;
  const details = { cause: error, data: { path, sqlite: code } };
  // An extended code is the primary one and a suffix: SQLITE_IOERR_WRITE, SQLITE_READONLY_DBMOVED.
  switch (code.split('_')[1]) {
    case 'BUSY':
    case 'LOCKED':
    case 'PROTOCOL':
      return new KamiError('KAMI_REGISTRY_LOCKED', {
        message: `The registry ${path} is locked: another process is writing to it and did not finish in time.`,
        fix: 'Wait for the other kami command to end and try again. Nothing was changed.',
        ...details,
      });
    case 'READONLY':
    case 'PERM':
    case 'AUTH':
      return new KamiError('KAMI_REGISTRY_READ_ONLY', {
        message: `The registry ${path} can't be written: the file, or the folder it is in, is read-only for this user.`,
        fix: `Make both writable, or choose another registry with --db <file>. Nothing was changed.`,
        ...details,
      });
    case 'CORRUPT':
    case 'NOTADB':
    case 'ERROR':
      return corruptRegistry(path, 'its content is not that of a KAMI registry', error, code);
    case 'FULL':
      return new KamiError('KAMI_DISK_FULL', {
        message: `The registry ${path} could not be written: the disk is full.`,
        fix: 'Free some space on that disk and try again. Nothing was changed.',
        ...details,
      });
    case 'CANTOPEN':
      return new KamiError('KAMI_FILE_UNREADABLE', {
        message: `The registry ${path} can't be opened: this user may not read it, or may not write beside it.`,
        fix: 'Give this user access to the file and its folder, or choose another registry with --db <file>.',
        ...details,
      });
    case 'IOERR':
    case 'NOMEM':
    case 'NOLFS':
      return new KamiError('KAMI_REGISTRY_IO', {
        message: `The registry ${path} could not be read or written: the system reported ${code}.`,
        fix: 'Check the disk (is it full, unplugged, or failing?) and try again. Nothing was changed.',
        ...details,
      });
    default:
      // Wrong use of SQLite is a defect of ours, not something the reader can mend.
      return error;
  }
}

/** The error for a registry that is damaged or is no registry; `what` completes "…: ". */
export function corruptRegistry(path: string, what: string, cause?: unknown, sqlite?: string): KamiError {
  return new KamiError('KAMI_REGISTRY_CORRUPT', {
    message: `${path} can't be used as a registry: ${what}. KAMI has not touched it.`,
    fix: `Restore the file from a backup, or move it away (mv ${path} ${path}.damaged) and install your tools again, or choose another registry with --db <file>.`,
    cause,
    data: { path, ...(sqlite === undefined ? {} : { sqlite }) },
  });
}
