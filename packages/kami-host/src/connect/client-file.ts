import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { KamiError } from '../errors/kami-error.ts';
import { fileErrorCode } from '../registry/file-errors.ts';
import { syncFolder } from '../registry/sync-folder.ts';

/** A client's file as it was read. */
export interface ClientFile {
  /** The file itself, where `path` is a link to it. */
  readonly path: string;
  /** Undefined when there is no file yet. */
  readonly bytes: Buffer | undefined;
  /** Without the byte order mark. */
  readonly text: string;
}

/** Some clients keep much else in it. */
const maxBytes = 64 * 1024 * 1024;
const byteOrderMark = '\ufeff';

/**
 * Reads a client's file, or finds that there is none.
 * @throws KamiError `KAMI_FILE_UNREADABLE`, `KAMI_CONNECT_FILE_INVALID` when it is no UTF-8
 */
export function readClientFile(path: string): ClientFile {
  const target = followLinks(path);
  const bytes = readBytes(target);
  if (bytes === undefined) return { path: target, bytes, text: '' };
  if (!isUtf8(bytes) || bytes.includes(0)) {
    throw new KamiError('KAMI_CONNECT_FILE_INVALID', {
      message: `${target} is no UTF-8 text. It was not touched.`,
      fix: 'Save it with the encoding UTF-8.',
      data: { path: target },
    });
  }
  const text = bytes.toString('utf8');
  return { path: target, bytes, text: text.startsWith(byteOrderMark) ? text.slice(1) : text };
}

/**
 * Writes a new text in the place of the one that was read: at once as a whole, with mode and owner of the file, and
 * after a copy of what was there.
 * @returns the path of the copy; undefined when there was no file
 * @throws KamiError `KAMI_CONNECT_CONFLICT` when the file has changed since it was read; `KAMI_FILE_UNWRITABLE`,
 *   `KAMI_DISK_FULL`
 */
export function writeClientFile({ path, bytes, text: before }: ClientFile, text: string): string | undefined {
  const hadMark = bytes !== undefined && bytes.length > Buffer.byteLength(before);
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    const stats = bytes === undefined ? undefined : statSync(path);
    const backup = bytes === undefined || stats === undefined ? undefined : keepBackup(path, bytes, stats);
    writeFileSync(temporary, (hadMark ? byteOrderMark : '') + text, { flag: 'wx', mode: 0o600, flush: true });
    giveSame(temporary, stats);
    requireUnchanged(path, bytes);
    renameSync(temporary, path);
    syncFolder(dirname(path));
    return backup;
  } catch (error) {
    rmSync(temporary, { force: true });
    throw toFileError(error, path);
  }
}

/**
 * The copy is for whoever wants to go back, so no copy is ever overwritten: the first is the file as it was before KAMI
 * changed it, and one of other bytes gets the next free number.
 */
function keepBackup(path: string, bytes: Buffer, stats: Stats): string {
  for (let number = 1; ; number += 1) {
    const backup = `${path}.kami-backup${number === 1 ? '' : `-${number}`}`;
    try {
      writeFileSync(backup, bytes, { flag: 'wx', mode: 0o600, flush: true });
      giveSame(backup, stats);
      return backup;
    } catch (error) {
      if (fileErrorCode(error) !== 'EEXIST') throw error;
      if (readBytes(backup)?.equals(bytes) === true) return backup;
    }
  }
}

/** The mode and the owner of another file; a new one is as new files of this user are. */
function giveSame(path: string, stats: Stats | undefined): void {
  if (stats === undefined) {
    chmodSync(path, 0o666 & ~process.umask());
    return;
  }
  const own = statSync(path);
  // Root changes a file of somebody else, who must still be able to read it.
  if (own.uid !== stats.uid || own.gid !== stats.gid) chownSync(path, stats.uid, stats.gid);
  chmodSync(path, stats.mode & 0o7777);
}

/** Some clients write their file while they run. */
function requireUnchanged(path: string, bytes: Buffer | undefined): void {
  const now = readBytes(path);
  if (bytes === undefined ? now === undefined : now?.equals(bytes) === true) return;
  throw new KamiError('KAMI_CONNECT_CONFLICT', {
    message: `${path} was changed by another program meanwhile. It was not touched.`,
    fix: 'Run the command again, best while the client does not run.',
    data: { path },
  });
}

const maxLinks = 40;

/** A link is kept, and what it leads to is changed, also when that does not exist yet. */
function followLinks(path: string): string {
  let target = resolve(path);
  for (let left = maxLinks; left > 0; left -= 1) {
    try {
      return realpathSync(target);
    } catch (error) {
      if (fileErrorCode(error) !== 'ENOENT')
        throw unreadable(path, fileErrorCode(error) ?? 'an error', error);
    }
    if (lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return target;
    target = resolve(dirname(target), readlinkSync(target));
  }
  throw unreadable(path, 'ELOOP');
}

function readBytes(path: string): Buffer | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    if (!stats.isFile()) throw unreadable(path, 'that it is no file');
    if (stats.size > maxBytes) throw unreadable(path, `${stats.size} bytes, which is too much for settings`);
    return readFileSync(path);
  } catch (error) {
    const code = fileErrorCode(error);
    if (code === undefined || error instanceof KamiError) throw error;
    if (code === 'ENOENT') return undefined;
    throw unreadable(path, code, error);
  }
}

function unreadable(path: string, why: string, cause?: unknown): KamiError {
  return new KamiError('KAMI_FILE_UNREADABLE', {
    message: `${path} can't be read: the system reported ${why}.`,
    fix: 'Give this user access to it, or name another file with --file <path>.',
    cause,
    data: { path },
  });
}

function toFileError(error: unknown, path: string): unknown {
  const code = fileErrorCode(error);
  if (code === undefined || error instanceof KamiError) return error;
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  return new KamiError(isFull ? 'KAMI_DISK_FULL' : 'KAMI_FILE_UNWRITABLE', {
    message: `${path} could not be written: the system reported ${code}. It is as it was.`,
    fix: isFull
      ? 'Free some space on that disk and run the command again.'
      : 'Give this user access to the file and its folder, or name another file with --file <path>.',
    cause: error,
    data: { path, system: code },
  });
}
