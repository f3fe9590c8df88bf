import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AssetTree } from './asset-tree.ts';
import { syncFolder } from './sync-folder.ts';

/** Writes a tree to a folder that does not exist yet, for everybody to read, as a part of an author's package. */
export function writeAssetTree(folder: string, tree: AssetTree): void {
  write(folder, tree, { folder: 0o755, file: 0o644, flush: false });
}

/**
 * Writes a tree to a folder that does not exist yet, and to the disk. Its files and the folders in it can't be written
 * to afterwards; the folder itself still can, because moving it to another place needs that.
 */
export function writeLockedAssetTree(folder: string, tree: AssetTree): void {
  write(folder, tree, { folder: 0o700, file: 0o444, flush: true });
  for (const path of tree.folders.toReversed()) {
    syncFolder(placeIn(folder, path));
    chmodSync(placeIn(folder, path), 0o555);
  }
  syncFolder(folder);
}

function write(
  folder: string,
  { files, folders }: AssetTree,
  modes: { readonly folder: number; readonly file: number; readonly flush: boolean },
): void {
  mkdirSync(folder, { mode: modes.folder });
  for (const path of folders) mkdirSync(placeIn(folder, path), { mode: modes.folder });
  for (const { path, bytes } of files) {
    writeFileSync(placeIn(folder, path), bytes, { flag: 'wx', mode: modes.file, flush: modes.flush });
  }
}

function placeIn(folder: string, path: string): string {
  return join(folder, ...path.split('/'));
}
