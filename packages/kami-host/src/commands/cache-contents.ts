import { join } from 'node:path';
import {
  measure,
  type RemovalKind,
  type RemovedFile,
  readStore,
  removeFromStore,
  type StoreContents,
  unneededIn,
} from '../component/store-contents.ts';
import { listEntries } from '../component/store-entries.ts';
import { KamiError } from '../errors/kami-error.ts';
import { isSha256, type Sha256 } from '../model/ids.ts';
import { isAside, type RemovalFailure, removeAside, tryMoveAside } from '../registry/remove-aside.ts';

/** All that KAMI keeps of what it derived, and of what `kami run` left. */
export interface CacheContents {
  /** Absolute. */
  readonly folder: string;
  /** Of installed tools. */
  readonly components: StoreContents;
  /** Of components that were tried with `kami run`. */
  readonly scratch: StoreContents;
  /** The private folders that these were granted. They are strangers': nothing in them is read. */
  readonly runFolders: readonly RemovedFile[];
}

/** One thing that is to go: a form with its files, a folder, a file. */
export interface CacheRemoval {
  readonly kind: RemovalKind | 'scratch' | 'run-folder';
  readonly files: readonly RemovedFile[];
}

const runFolder = (folder: string) => join(folder, 'run');

export async function readCache(dataDir: string): Promise<CacheContents> {
  const folder = join(dataDir, 'cache');
  const kept = (await listEntries(runFolder(folder))).filter(({ name }) => isSha256(name) || isAside(name));
  return {
    folder,
    components: await readStore(join(folder, 'components')),
    scratch: await readStore(join(folder, 'scratch')),
    runFolders: await Promise.all(
      kept.map(async ({ path }) => ({ path, bytes: (await measure(path)).bytes })),
    ),
  };
}

/** What goes when the forms of some components stay, and with `all` when none does. */
export function unneeded(
  { components, scratch, runFolders }: CacheContents,
  installed: ReadonlySet<Sha256>,
  all: boolean,
): readonly CacheRemoval[] {
  return [
    ...unneededIn(components, all ? new Set() : installed),
    ...unneededIn(scratch, new Set()).map(({ files }) => ({ kind: 'scratch' as const, files })),
    // What a tool wrote is not made anew: it goes only when it is asked for.
    ...(all ? runFolders.map((file) => ({ kind: 'run-folder' as const, files: [file] })) : []),
  ];
}

/**
 * Removes what it is told; what is gone already counts as removed.
 * @throws KamiError `KAMI_FILE_UNWRITABLE` when something could not be removed, after all else was
 */
export async function removeFromCache(
  { folder }: Pick<CacheContents, 'folder'>,
  removals: readonly CacheRemoval[],
): Promise<void> {
  const failed: RemovalFailure[] = [];
  for (const { kind, files } of removals) {
    if (kind !== 'run-folder') {
      failed.push(...(await removeFromStore(files)));
      continue;
    }
    for (const { path } of files) {
      const code = tryMoveAside(path);
      if (code !== undefined) failed.push({ path, code });
    }
  }
  failed.push(...(await removeAside(runFolder(folder))));
  const [first] = failed;
  if (first === undefined) return;
  const others = failed.length === 1 ? '' : `, and ${failed.length - 1} more`;
  throw new KamiError('KAMI_FILE_UNWRITABLE', {
    message: `${first.path} could not be removed: the system reported ${first.code}${others}. All else that was to go is removed.`,
    fix: 'Give this user access to the folder, or end what uses the file, and run the command again.',
    data: { failed },
  });
}

/** All bytes of a cache. */
export function cacheBytes({ components, scratch, runFolders }: CacheContents): number {
  const inStores = [components, scratch].flatMap(({ forms, parts, halves, otherFormats }) => [
    ...forms.map(({ entry }) => entry),
    ...parts.values(),
    ...halves,
    ...otherFormats,
  ]);
  return sumBytes([...inStores, ...runFolders]);
}

export function sumBytes(files: readonly { readonly bytes: number }[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
