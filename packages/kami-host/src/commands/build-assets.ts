import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { isKamiError } from '../errors/kami-error.ts';
import { type AssetTree, assetsFolder, readAssetTree } from '../registry/asset-tree.ts';
import { toWriteError } from '../registry/file-errors.ts';
import { moveAside, removeAside, tryMoveAside } from '../registry/remove-aside.ts';
import { writeAssetTree } from '../registry/write-asset-tree.ts';

/**
 * Makes the assets of a built package those of its project: what is no longer there goes.
 * @param tree of the project, as `readAssetTree` gave it
 * @returns whether anything had to be done
 * @throws KamiError `KAMI_DISK_FULL`, `KAMI_FILE_UNWRITABLE`
 */
export async function copyAssets(tree: AssetTree | undefined, dist: string): Promise<boolean> {
  const target = join(dist, assetsFolder);
  if (builtHash(target) === (tree?.sha256 ?? 'none')) return false;
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    mkdirSync(dist, { recursive: true });
    moveAside(temporary);
    if (tree !== undefined) writeAssetTree(temporary, tree);
    moveAside(target);
    if (tree !== undefined) renameSync(temporary, target);
  } catch (error) {
    tryMoveAside(temporary);
    throw toWriteError(error, target);
  } finally {
    await removeAside(dist);
  }
  return true;
}

/** Of what was built before; undefined when it is nothing that could have been built. */
function builtHash(target: string): string | undefined {
  try {
    return readAssetTree(target)?.sha256 ?? 'none';
  } catch (error) {
    if (isKamiError(error)) return undefined;
    throw error;
  }
}
