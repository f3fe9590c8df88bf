import { toolNotFound } from '../registry/require-tool.ts';
import { type Cleanup, type InstallDeps, sweepUnused } from './install-deps.ts';

export interface UninstallOutcome {
  readonly id: string;
  readonly cleanup: Cleanup;
}

/**
 * Removes a tool with its grant, its secrets and its private folder, and its component and assets unless another tool
 * has the same. Also removes tools whose entry is damaged.
 *
 * @throws KamiError `KAMI_TOOL_NOT_FOUND` naming the nearest ids, and those of the registry
 */
export async function uninstallTool(
  deps: Pick<InstallDeps, 'registry' | 'store' | 'privateFolders' | 'secrets' | 'onArtifactRemoved'>,
  id: string,
): Promise<UninstallOutcome> {
  const { tools } = deps.registry;
  if (!tools.delete(id)) throw toolNotFound(id, tools.ids());
  // After the commit: what goes first would be missed if the deletion were then undone.
  return { id, cleanup: await sweepUnused(deps) };
}
