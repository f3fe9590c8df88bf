import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sha256 } from '../model/ids.ts';
import { fileErrorCode } from '../registry/file-errors.ts';
import type { RemovalFailure } from '../registry/remove-aside.ts';
import { formVersion } from './component-store.ts';
import { type FormRecord, filesOf, readRecord, readVerified } from './form-record.ts';
import {
  isAbandoned,
  isOwnerless,
  isStaging,
  keyOfRecord,
  listEntries,
  type StoreEntry,
  storeFolders,
} from './store-entries.ts';

/** All that lies in the folder of a component store at one moment; others may change it at the next. */
export interface StoreContents {
  readonly forms: readonly ContainedForm[];
  /** By file name, which tells the kind and the hash. */
  readonly parts: ReadonlyMap<string, StoreEntry>;
  /** Files that are being written, or never were to their end. */
  readonly halves: readonly StoreEntry[];
  /** What other versions of KAMI derived, which this one makes no use of. */
  readonly otherFormats: readonly OtherFormat[];
}

export interface ContainedForm {
  readonly key: Sha256;
  readonly entry: StoreEntry;
  /** Undefined when it is damaged. */
  readonly record: FormRecord | undefined;
}

export interface OtherFormat {
  readonly version: string;
  readonly path: string;
  readonly files: number;
  readonly bytes: number;
}

/** Something in a store that is to go, in the order in which its files must. */
export interface Removal {
  readonly kind: RemovalKind;
  readonly files: readonly RemovedFile[];
}

export type RemovalKind = 'form' | 'part' | 'half' | 'other-format' | 'damaged';
export type RemovedFile = Pick<StoreEntry, 'path' | 'bytes'>;

/** What formats were ever called. The folder may hold what is not ours when it was configured so; that stays. */
const formatName = /^jco-transpile-[\w.-]+$/;

/** Reads what is in a store. Nothing is verified but records. */
export async function readStore(directory: string): Promise<StoreContents> {
  const folders = storeFolders(directory, formVersion);
  const [records, parts] = await Promise.all([listEntries(folders.records), listEntries(folders.parts)]);
  const forms = records.flatMap((entry) => {
    const key = keyOfRecord(entry.name);
    return key === undefined ? [] : [{ key, entry }];
  });
  const others = (await listEntries(directory)).filter(
    ({ name }) => name !== formVersion && formatName.test(name),
  );
  return {
    forms: await Promise.all(
      forms.map(async ({ key, entry }) => ({ key, entry, record: await readRecord(entry.path, key) })),
    ),
    parts: new Map(parts.filter((entry) => !isStaging(entry)).map((entry) => [entry.name, entry])),
    halves: [...records, ...parts].filter(isStaging),
    otherFormats: await Promise.all(
      others.map(async ({ name, path }) => ({ version: name, path, ...(await measure(path)) })),
    ),
  };
}

/**
 * What nobody will ask for again: other formats, forms of components that are not needed, parts and halves of files
 * that no process is about to use. What is taken away by mistake is made anew.
 * @param needed components whose forms stay
 */
export function unneededIn(contents: StoreContents, needed: ReadonlySet<Sha256>): readonly Removal[] {
  const { forms, parts, halves, otherFormats } = contents;
  const isKept = ({ key, record }: ContainedForm) => needed.has(key) && record !== undefined;
  const kept = new Set(forms.filter(isKept).flatMap(({ record }) => (record ? filesOf(record) : [])));
  const taken = new Set<string>();
  const dropped = forms
    .filter((form) => !isKept(form))
    .map(({ entry, record }): Removal => {
      const names = new Set(record === undefined ? [] : filesOf(record));
      const own = [...names].filter((name) => !kept.has(name) && !taken.has(name));
      for (const name of own) taken.add(name);
      return { kind: 'form', files: [entry, ...own.flatMap((name) => parts.get(name) ?? [])] };
    });
  const left = [...parts.values()].filter(
    (entry) => !kept.has(entry.name) && !taken.has(entry.name) && isOwnerless(entry),
  );
  return [
    ...otherFormats.map((format): Removal => ({ kind: 'other-format', files: [format] })),
    ...dropped,
    ...left.map((entry): Removal => ({ kind: 'part', files: [entry] })),
    ...halves.filter(isAbandoned).map((entry): Removal => ({ kind: 'half', files: [entry] })),
  ];
}

/** Reads every file, and names those that are not what they were written as. */
export async function damagedIn({ forms, parts }: StoreContents): Promise<readonly Removal[]> {
  const damaged = forms.filter(({ record }) => record === undefined).map(({ entry }) => entry);
  for (const entry of parts.values()) {
    // One after the other: together they may be more than fits into memory.
    if (!(await isWhole(entry))) damaged.push(entry);
  }
  return damaged.map((entry) => ({ kind: 'damaged', files: [entry] }));
}

async function isWhole({ path, name }: StoreEntry): Promise<boolean> {
  return (await readVerified(path.slice(0, -name.length), name)) !== undefined;
}

/**
 * Removes files, and folders in the place of files. What is gone already counts as removed.
 * @returns what could not be removed, with the system's code
 */
export async function removeFromStore(files: readonly RemovedFile[]): Promise<readonly RemovalFailure[]> {
  const failed: RemovalFailure[] = [];
  for (const { path } of files) {
    try {
      await rm(path, { recursive: true, force: true, maxRetries: 3 });
    } catch (error) {
      failed.push({ path, code: fileErrorCode(error) ?? 'UNKNOWN' });
    }
  }
  return failed;
}

/** Files below a path, and their bytes. No link is followed, and what goes away meanwhile does not count. */
export async function measure(path: string): Promise<{ readonly files: number; readonly bytes: number }> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) return { files: 0, bytes: 0 };
  if (!stats.isDirectory()) return { files: 1, bytes: stats.size };
  let [files, bytes] = [0, 0];
  for (const name of await readdir(path).catch(() => [])) {
    const below = await measure(join(path, name));
    files += below.files;
    bytes += below.bytes;
  }
  return { files, bytes };
}
