import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, realpathSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { isKamiError, KamiError } from '../errors/kami-error.ts';
import { isSha256, type Sha256 } from '../model/ids.ts';
import { type AssetTree, readAssetTree } from './asset-tree.ts';
import { toWriteError } from './file-errors.ts';
import type { InstalledTool } from './installed-tool.ts';
import { moveAside, type RemovalFailure, removeAside, tryMoveAside } from './remove-aside.ts';
import { stagingName } from './staging-name.ts';
import { sweepFolder } from './store-sweep.ts';
import { makeFolder, syncFolder } from './sync-folder.ts';
import { writeLockedAssetTree } from './write-asset-tree.ts';

/** A tree that is safely on disk but not yet part of the store. */
export interface StagedAssets {
  readonly sha256: Sha256;
  readonly path: string;
}

/**
 * The files that installed tools brought along, each tree in a folder named by its hash, so that tools with equal
 * trees share one. Nothing in it can be written to by its modes.
 *
 * As for artifacts, the write lock of the registry is the lock of the store: `commit` and `sweep` are called inside
 * `ToolRepository.transaction` only.
 */
export interface AssetStore {
  /**
   * Writes a tree to the staging folder and to the disk.
   * @throws KamiError `KAMI_DISK_FULL`, `KAMI_FILE_UNWRITABLE`
   */
  stage(tree: AssetTree): StagedAssets;
  /** Removes a staged tree that is not wanted; does nothing after `commit`. */
  discard(staged: StagedAssets): Promise<void>;
  /**
   * Moves a staged tree into the store. A tree that is there already stays when it is intact, and is replaced when
   * it is not.
   * @throws KamiError `KAMI_DISK_FULL`, `KAMI_FILE_UNWRITABLE`
   */
  commit(staged: StagedAssets): void;
  /**
   * The folder of a tree, absolute and without links. When it is asked for first, all that is in it is compared with
   * the hash. `owner` is the tool it belongs to, for the message.
   * @throws KamiError `KAMI_STORE_DAMAGED` when it is missing, or is not what was installed
   */
  folder(sha256: Sha256, owner: Pick<InstalledTool, 'id' | 'source'>): string;
  /** Moves every tree that is not in `referenced` aside. Says what could not be moved. */
  sweep(referenced: ReadonlySet<Sha256>): readonly RemovalFailure[];
  /** Removes what was moved aside, also by processes that ended before they could. Needs no lock. */
  removeSwept(): Promise<readonly RemovalFailure[]>;
}

/** @param folders of the store and of what is not yet in it: both on one disk; made when they are needed */
export function createAssetStore({
  store,
  staging,
}: {
  readonly store: string;
  readonly staging: string;
}): AssetStore {
  const verified = new Set<Sha256>();
  const pathOf = (sha256: Sha256) => join(store, sha256);

  return {
    stage(tree) {
      const path = join(staging, stagingName(randomBytes(8).toString('hex'), 'assets'));
      try {
        mkdirSync(staging, { recursive: true, mode: 0o700 });
        writeLockedAssetTree(path, tree);
      } catch (error) {
        tryMoveAside(path);
        throw toWriteError(error, path);
      }
      return { sha256: tree.sha256, path };
    },

    async discard({ path }) {
      // What fails here is taken by the next sweep.
      if (tryMoveAside(path) === undefined) await removeAside(staging);
    },

    commit({ sha256, path }) {
      const target = pathOf(sha256);
      try {
        if (readIntact(target, sha256)) return;
        makeFolder(store);
        moveAside(target);
        renameSync(path, target);
        chmodSync(target, 0o555);
        syncFolder(store);
      } catch (error) {
        throw toWriteError(error, target);
      }
    },

    folder(sha256, owner) {
      const path = pathOf(sha256);
      if (!verified.has(sha256) && !readIntact(path, sha256)) throw damaged(path, sha256, owner);
      verified.add(sha256);
      try {
        return realpathSync(path);
      } catch {
        throw damaged(path, sha256, owner);
      }
    },

    sweep(referenced) {
      return sweepFolder(store, (name) => isSha256(name) && !referenced.has(name));
    },

    async removeSwept() {
      return [...(await removeAside(store)), ...(await removeAside(staging))];
    },
  };
}

function readIntact(path: string, sha256: Sha256): boolean {
  try {
    return readAssetTree(path)?.sha256 === sha256;
  } catch (error) {
    if (isKamiError(error) && error.code === 'KAMI_ASSETS_INVALID') return false;
    throw error;
  }
}

function damaged(path: string, sha256: Sha256, owner: Pick<InstalledTool, 'id' | 'source'>): KamiError {
  return new KamiError('KAMI_STORE_DAMAGED', {
    message: `The files that the tool ${owner.id} brought along are missing or were changed after it was installed: ${path}. It will not be run.`,
    fix: `Install the tool again: kami install ${owner.source.path}`,
    data: { path, sha256, tool: owner.id },
  });
}
