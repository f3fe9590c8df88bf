import { randomBytes } from 'node:crypto';
import { constants, lstatSync, renameSync } from 'node:fs';
import { chmod, lstat, open, readdir, rename, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileErrorCode } from './file-errors.ts';

/** Names of what is to be removed, as nothing else is named. */
const prefix = '.gone-';

export interface RemovalFailure {
  readonly path: string;
  /** The system's code. */
  readonly code: string;
}

/**
 * Moves whatever is at `path` out of the way in one step, so that its name is free; `removeAside` removes it.
 * Does nothing when there is nothing. A link is moved itself.
 * @throws the system's error
 */
export function moveAside(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
  renameSync(path, asideIn(dirname(path)));
}

/** The same, and says what the system said instead of throwing it. */
export function tryMoveAside(path: string): string | undefined {
  try {
    moveAside(path);
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

function asideIn(folder: string): string {
  return join(folder, `${prefix}${randomBytes(12).toString('hex')}`);
}

export function isAside(name: string): boolean {
  return name.startsWith(prefix);
}

/**
 * Removes all that was moved aside in `parent`, a folder in which only KAMI writes. What is removed may be a
 * stranger's, and may still be written to. No link is followed: a folder is emptied only while it lies in `parent`
 * itself, where no stranger can put a link in its place, and the folders found in it are brought up there first.
 * So depth and length of paths do not matter either.
 * @returns what could not be removed; calling again tries again
 */
export async function removeAside(parent: string): Promise<readonly RemovalFailure[]> {
  const failed: RemovalFailure[] = [];
  let names: readonly string[];
  try {
    names = await readdir(parent);
  } catch (error) {
    return isGone(error) ? [] : [{ path: parent, code: codeOf(error) }];
  }
  const queue = names.filter(isAside).map((name) => join(parent, name));
  // Grows while it is gone through.
  for (const path of queue) {
    try {
      await removeOne(path, (found) => void queue.push(found));
    } catch (error) {
      if (!isGone(error)) failed.push({ path, code: codeOf(error) });
    }
  }
  return failed;
}

/** Who writes faster than we remove is left for the next time. */
const maxPasses = 8;

async function removeOne(path: string, onFolder: (path: string) => void): Promise<void> {
  const { mode, isFolder } = await lstat(path).then((stats) => ({
    mode: stats.mode,
    isFolder: stats.isDirectory(),
  }));
  if (!isFolder) return unlink(path);
  // It lies in a folder of ours, so nobody can have put a link in its place since.
  if ((mode & 0o700) !== 0o700) await chmod(path, 0o700);
  for (let pass = 1; ; pass += 1) {
    await empty(path, onFolder);
    try {
      return await rmdir(path);
    } catch (error) {
      if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error)) || pass === maxPasses) throw error;
    }
  }
}

/** Names as bytes: not every name is a text. */
async function empty(path: string, onFolder: (path: string) => void): Promise<void> {
  for (const name of await readdir(path, { encoding: 'buffer' })) {
    const entry = Buffer.concat([Buffer.from(join(path, '/')), name]);
    try {
      await unlink(entry);
    } catch (error) {
      if (isGone(error)) continue;
      // The two ways in which systems say that it is a folder.
      if (!['EISDIR', 'EPERM'].includes(codeOf(error))) throw error;
      const moved = asideIn(dirname(path));
      await bringUp(entry, moved);
      onFolder(moved);
    }
  }
}

async function bringUp(entry: Buffer, moved: string): Promise<void> {
  try {
    await rename(entry, moved);
  } catch (error) {
    if (codeOf(error) !== 'EACCES') throw error;
    // Moving a folder to another one needs the right to write to it. It is given by its descriptor, because by its
    // path this could reach what a link leads to that has come into its place.
    const { O_RDONLY, O_DIRECTORY = 0, O_NOFOLLOW = 0 } = constants;
    const folder = await open(entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    try {
      await folder.chmod(0o700);
    } finally {
      await folder.close();
    }
    await rename(entry, moved);
  }
}

function isGone(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}

function codeOf(error: unknown): string {
  return fileErrorCode(error) ?? 'UNKNOWN';
}
