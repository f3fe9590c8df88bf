import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  opendirSync,
  openSync,
  readSync,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';
import { KamiError } from '../errors/kami-error.ts';
import type { Sha256 } from '../model/ids.ts';
import { quoteText } from '../model/text.ts';
import { assetNameProblem, foldAssetPath } from './asset-name.ts';
import { fileErrorCode } from './file-errors.ts';

/** The folder beside a tool.toml with the files that belong to the tool. */
export const assetsFolder = 'assets';

/** Bounds of what a tool may bring along. */
export const assetLimits = Object.freeze({
  /** Files and folders. */
  entries: 5_000,
  bytes: 64 * 1024 * 1024,
  /** Folders in folders. */
  depth: 16,
  /** Bytes of a path in UTF-8. */
  pathBytes: 400,
});

/** All files and folders below one folder, as they were when they were read. */
export interface AssetTree {
  /** Of all names and contents: equal trees have equal hashes, wherever they lie. */
  readonly sha256: Sha256;
  /** Sorted by path, as the folders are; `/` between the names. */
  readonly files: readonly AssetFile[];
  readonly folders: readonly string[];
  /** Sum of the files, bytes. */
  readonly size: number;
}

interface AssetFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * Reads the files that belong to a tool, and follows no link; undefined when there is nothing in the folder, or no
 * folder.
 * @throws KamiError `KAMI_ASSETS_INVALID` naming what can't be part of a tool, `KAMI_FILE_UNREADABLE`
 */
export function readAssetTree(folder: string): AssetTree | undefined {
  const stats = readable(folder, () => lstatSync(folder, { throwIfNoEntry: false }));
  if (stats === undefined) return undefined;
  if (!stats.isDirectory()) throw refused(folder, `it is ${describeKind(stats)}, and must be a folder`);
  const reader = new TreeReader(folder);
  // Grows while it is gone through.
  const open = [''];
  for (const path of open) open.push(...reader.readFolder(path));
  return reader.tree();
}

class TreeReader {
  readonly #root: string;
  readonly #files: AssetFile[] = [];
  readonly #folders: string[] = [];
  readonly #seen = new Map<string, string>();
  #size = 0;

  constructor(root: string) {
    this.#root = root;
  }

  /** Takes in the files of a folder and gives the paths of the folders in it. */
  readFolder(parent: string): readonly string[] {
    const found: string[] = [];
    for (const path of this.#names(parent)) {
      const place = this.#place(path);
      const stats = readable(place, () => lstatSync(place));
      if (stats.isDirectory()) found.push(path);
      else if (stats.isFile()) this.#files.push({ path, bytes: this.#readFile(place) });
      else throw refused(place, `it is ${describeKind(stats)}, and only files and folders can be`);
    }
    this.#folders.push(...found);
    return found;
  }

  tree(): AssetTree | undefined {
    if (this.#seen.size === 0) return undefined;
    const files = this.#files.toSorted((a, b) => byCodeUnits(a.path, b.path));
    const folders = this.#folders.toSorted(byCodeUnits);
    return { sha256: hashTree(files, folders), files, folders, size: this.#size };
  }

  /** One by one, so that a folder with a million names is given up early. */
  #names(parent: string): readonly string[] {
    const folder = this.#place(parent);
    const paths: string[] = [];
    readable(folder, () => {
      const listing = opendirSync(folder);
      try {
        for (let entry = listing.readSync(); entry !== null; entry = listing.readSync()) {
          paths.push(this.#accept(parent === '' ? entry.name : `${parent}/${entry.name}`, entry.name));
        }
      } finally {
        listing.closeSync();
      }
    });
    return paths;
  }

  #accept(path: string, name: string): string {
    const place = this.#place(path);
    const problem = assetNameProblem(name);
    if (problem !== undefined) throw refused(place, `its name ${problem}`);
    const twin = this.#seen.get(foldAssetPath(path));
    if (twin !== undefined) {
      throw refused(
        place,
        `${quoteText(twin, 200)} differs from it in case only, and is the same on other platforms`,
      );
    }
    this.#seen.set(foldAssetPath(path), path);
    const { entries, depth, pathBytes } = assetLimits;
    if (this.#seen.size > entries) throw tooMuch(this.#root, `more than ${entries} files and folders`);
    if (path.split('/').length > depth) throw refused(place, `it lies more than ${depth} folders deep`);
    if (Buffer.byteLength(path) > pathBytes)
      throw refused(place, `its path is longer than ${pathBytes} bytes`);
    return path;
  }

  #readFile(place: string): Uint8Array {
    const left = assetLimits.bytes - this.#size;
    const bytes = readable(place, () => readBounded(place, left));
    if (bytes === undefined) throw tooMuch(this.#root, `more than ${assetLimits.bytes} bytes`);
    this.#size += bytes.length;
    return bytes;
  }

  #place(path: string): string {
    return path === '' ? this.#root : join(this.#root, ...path.split('/'));
  }
}

/** The content of a regular file; undefined when it is longer than `limit`. */
function readBounded(place: string, limit: number): Uint8Array | undefined {
  // Not blocking and not following: it may have become a fifo or a link since it was looked at.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const descriptor = openSync(place, flags);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile())
      throw refused(place, `it is ${describeKind(stats)}, and only files and folders can be`);
    if (stats.size > limit) return undefined;
    // One byte more than it should have, to see whether it has grown.
    const buffer = Buffer.allocUnsafeSlow(stats.size + 1);
    let length = 0;
    for (;;) {
      const read = readSync(descriptor, buffer, length, buffer.length - length, null);
      length += read;
      if (read === 0) return buffer.subarray(0, length);
      if (length > stats.size) throw refused(place, 'it is being written to');
    }
  } finally {
    closeSync(descriptor);
  }
}

function hashTree(files: readonly AssetFile[], folders: readonly string[]): Sha256 {
  const hash = createHash('sha256').update('kami-assets/1\n');
  for (const path of folders) hash.update(`${JSON.stringify(['folder', path])}\n`);
  for (const { path, bytes } of files) {
    hash.update(`${JSON.stringify(['file', path, createHash('sha256').update(bytes).digest('hex')])}\n`);
  }
  return hash.digest('hex') as Sha256;
}

function byCodeUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function describeKind(stats: Stats): string {
  if (stats.isSymbolicLink()) return 'a link';
  if (stats.isFile()) return 'a file';
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a fifo';
  return stats.isSocket() ? 'a socket' : 'a device';
}

function refused(place: string, why: string): KamiError {
  return new KamiError('KAMI_ASSETS_INVALID', {
    message: `${quoteText(place, 1_000)} can't be part of the tool: ${why}.`,
    fix: `Remove or rename it. Everything in the folder ${assetsFolder} belongs to the tool.`,
    data: { path: place },
  });
}

function tooMuch(folder: string, what: string): KamiError {
  const { entries, bytes } = assetLimits;
  return new KamiError('KAMI_ASSETS_INVALID', {
    message: `${quoteText(folder, 1_000)} can't be part of the tool: it has ${what}.`,
    fix: `Leave something out: a tool brings up to ${entries} files and folders, of ${bytes} bytes together.`,
    data: { path: folder },
  });
}

function readable<T>(place: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = fileErrorCode(error);
    if (code === undefined || error instanceof KamiError) throw error;
    if (code === 'ELOOP') throw refused(place, 'it is a link, and only files and folders can be');
    throw new KamiError('KAMI_FILE_UNREADABLE', {
      message: `${quoteText(place, 1_000)} can't be read: the system reported ${code}.`,
      fix: 'Give this user access to it.',
      cause: error,
      data: { path: place, system: code },
    });
  }
}
