import { toolNotFound } from '../registry/require-tool.ts';
import { type Cleanup, type InstallDeps, sweepUnused } from './install-deps.ts';

export interface UninstallOutcome {
  readonly id: string;
  readonly cleanup: Cleanup;
}

/**
 * Removes a tool with its grant and its secrets, and its component unless another tool has the same one. Also removes tools whose entry
 * is damaged.
 *
 * @throws KamiError `KAMI_TOOL_NOT_FOUND` naming the nearest ids, and those of the registry
 */
export async function uninstallTool(
  deps: Pick<InstallDeps, 'registry' | 'store' | 'secrets' | 'onArtifactRemoved'>,
  id: string,
): Promise<UninstallOutcome> {
  const { tools } = deps.registry;
  if (!tools.delete(id)) throw toolNotFound(id, tools.ids());
  // After the commit: an artifact that goes first would be missed if the deletion were then undone.
  return { id, cleanup: await sweepUnused(deps) };
}
