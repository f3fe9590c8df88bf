import { randomUUID } from 'node:crypto';
import { lstat, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSha256, type Sha256 } from '../model/ids.ts';
import { fileErrorCode, toWriteError } from '../registry/file-errors.ts';

/** What lies in a folder of the component store: usually a file. */
export interface StoreEntry {
  readonly name: string;
  readonly path: string;
  readonly ageMs: number;
  readonly bytes: number;
}

/** Writing a file takes a second; one that is not finished after an hour never will be. */
const abandonedAfterMs = 60 * 60 * 1_000;
/** A form is written part by part, and its record last: until then nothing names its parts. */
const ownerlessAfterMs = 5 * 60 * 1_000;
/** Another process may remove the folder, or what stands in the way, between two steps. */
const maxAttempts = 3;
const recordEnding = '.json';
const stagingPrefix = '.staging-';

/** Where a store has its parts and its records. */
export interface StoreFolders {
  readonly parts: string;
  readonly records: string;
}

/** @param directory folder of a store */
export function storeFolders(directory: string, version: string): StoreFolders {
  return { parts: join(directory, version, 'files'), records: join(directory, version, 'forms') };
}

export function recordName(key: Sha256): string {
  return key + recordEnding;
}

/** Key of the form whose record has this name; undefined for any other file. */
export function keyOfRecord(name: string): Sha256 | undefined {
  const key = name.slice(0, -recordEnding.length);
  return name.endsWith(recordEnding) && isSha256(key) ? key : undefined;
}

export function isStaging({ name }: Pick<StoreEntry, 'name'>): boolean {
  return name.startsWith(stagingPrefix);
}

/** Whether whoever wrote this half of a file is long gone. */
export function isAbandoned(entry: StoreEntry): boolean {
  return isStaging(entry) && entry.ageMs > abandonedAfterMs;
}

/** Whether a part that no record names will not get one any more, because nobody writes its form just now. */
export function isOwnerless(entry: StoreEntry): boolean {
  return !isStaging(entry) && entry.ageMs > ownerlessAfterMs;
}

/**
 * What is in a folder, the newest first; nothing when it is not there.
 * @param isWanted by the name; what is not wanted is not looked at
 */
export async function listEntries(
  folder: string,
  isWanted: (name: string) => boolean = () => true,
): Promise<readonly StoreEntry[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes(fileErrorCode(error) ?? '')) return [];
    throw error;
  });
  const entries = await Promise.all(
    names.filter(isWanted).map(async (name): Promise<readonly StoreEntry[]> => {
      const path = join(folder, name);
      const stats = await lstat(path).catch(() => undefined);
      return stats === undefined
        ? []
        : [{ name, path, ageMs: Date.now() - stats.mtimeMs, bytes: stats.isFile() ? stats.size : 0 }];
    }),
  );
  return entries.flat().toSorted((left, right) => left.ageMs - right.ageMs);
}

/**
 * Writes a file so that others see all of it or nothing, whatever is there now.
 * @throws KamiError `KAMI_DISK_FULL`, `KAMI_FILE_UNWRITABLE`
 */
export async function putFile(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const path = join(folder, name);
  for (let attempt = 1; ; attempt++) {
    const staging = join(folder, `${stagingPrefix}${process.pid}-${randomUUID()}`);
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeFile(staging, bytes, { mode: 0o600 });
      await rename(staging, path);
      return;
    } catch (error) {
      await rm(staging, { force: true }).catch(() => {});
      const code = fileErrorCode(error) ?? '';
      if (attempt === maxAttempts || !['ENOENT', ...inTheWay].includes(code)) throw toWriteError(error, path);
      // Only a folder is not replaced by a rename.
      if (inTheWay.includes(code)) await rm(path, { recursive: true, force: true }).catch(() => {});
    }
  }
}

const inTheWay: readonly string[] = ['EISDIR', 'ENOTEMPTY', 'EEXIST', 'EPERM'];
