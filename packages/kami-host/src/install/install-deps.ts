import { isKamiError } from '../errors/kami-error.ts';
import type { Sha256 } from '../model/ids.ts';
import type { ToolDescription } from '../model/tool.ts';
import type { ArtifactStore } from '../registry/artifact-store.ts';
import type { Registry } from '../registry/open-registry.ts';
import type { PrivateFolders } from '../registry/private-folders.ts';
import type { RemovalFailure } from '../registry/remove-aside.ts';
import type { SecretStore } from '../registry/secret-store.ts';

/** What installing works on. The store is that of the registry (`createArtifactStore(registry)`). */
export interface InstallDeps {
  readonly registry: Pick<Registry, 'tools' | 'grants'>;
  readonly store: ArtifactStore;
  /** Those of the registry (`createPrivateFolders(registry)`). */
  readonly privateFolders: PrivateFolders;
  /** Where secrets of removed tools go, too. */
  readonly secrets?: Pick<SecretStore, 'sweep'>;
  /**
   * Checks that bytes are one of our components and calls its `describe()` in the sandbox.
   * @throws KamiError `KAMI_COMPONENT_…`
   */
  readonly inspectComponent: (bytes: Uint8Array) => Promise<{ readonly description: ToolDescription }>;
  /** Called after an artifact is gone, so that what was derived from it can go too. Its errors undo nothing. */
  readonly onArtifactRemoved?: (sha256: Sha256) => void | Promise<void>;
  /** Source of the times in the registry; the system's clock when left out. */
  readonly now?: () => Date;
}

/** What tidying up after a change came to. Nothing here undoes the change. */
export interface Cleanup {
  readonly removedArtifacts: readonly Sha256[];
  /** What is left for the next time, in sentences. */
  readonly problems: readonly string[];
}

/**
 * Removes what no installed tool refers to: components and assets of replaced versions, private folders and secrets
 * of removed tools, and what interrupted installations left. Safe at any time, also at the start of a server.
 */
export async function sweepUnused(
  deps: Pick<InstallDeps, 'store' | 'privateFolders' | 'secrets' | 'onArtifactRemoved'> & {
    readonly registry: Pick<Registry, 'tools'>;
  },
): Promise<Cleanup> {
  const { tools } = deps.registry;
  const { store, privateFolders } = deps;
  const problems: string[] = [];
  const report = (failed: readonly RemovalFailure[]) =>
    problems.push(...failed.map(({ path, code }) => `${path} could not be removed (${code}).`));
  let removedArtifacts: readonly Sha256[] = [];
  try {
    // Under the write lock no other process can commit an artifact between the look and the removal.
    const swept = tools.transaction(() => {
      const { removed, failed } = store.sweep(tools.artifacts());
      const assets = store.assets.sweep(tools.assets());
      const folders = privateFolders.sweep(new Set(tools.ids()));
      return { removed, failed: [...failed, ...assets, ...folders] };
    });
    removedArtifacts = swept.removed;
    report(swept.failed);
  } catch (error) {
    if (!isKamiError(error)) throw error;
    problems.push(`Unused files were not removed: ${error.message}`);
  }
  report(await store.assets.removeSwept());
  report(await privateFolders.removeSwept());
  try {
    deps.secrets?.sweep();
  } catch (error) {
    if (!isKamiError(error)) throw error;
    problems.push(`Secrets of removed tools were not removed: ${error.message}`);
  }
  for (const sha256 of removedArtifacts) {
    try {
      await deps.onArtifactRemoved?.(sha256);
    } catch (error) {
      problems.push(
        `What was derived from ${sha256} was not removed: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  return { removedArtifacts, problems };
}
