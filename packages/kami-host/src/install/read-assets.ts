import { dirname, join } from 'node:path';
import { type AssetTree, assetsFolder, readAssetTree } from '../registry/asset-tree.ts';
import type { InstallSource } from './install-source.ts';

/**
 * Reads what a source brings along in the folder beside its tool.toml, once, so that what is checked is what is
 * installed. A component alone brings nothing.
 * @throws KamiError `KAMI_ASSETS_INVALID`, `KAMI_FILE_UNREADABLE`
 */
export function readAssets(source: InstallSource): AssetTree | undefined {
  if (source.kind === 'component') return undefined;
  return readAssetTree(join(dirname(source.manifestPath), assetsFolder));
}
