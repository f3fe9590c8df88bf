import { hash } from '../registry/artifact-store.ts';
import { createPrivateFolders } from '../registry/private-folders.ts';
import type { ToolHost } from '../runtime/tool-host.ts';
import type { InstallDeps } from './install-deps.ts';

/**
 * What installing and uninstalling need of an open host: components are asked what they are in its sandbox.
 * @param source how to call a component in errors, usually its path
 */
export function hostInstallDeps(
  { registry, artifacts, secrets, runtime }: ToolHost,
  source = 'The component',
): InstallDeps {
  return {
    registry,
    store: artifacts,
    privateFolders: createPrivateFolders(registry),
    secrets,
    inspectComponent: async (bytes) => ({
      description: await runtime.describe({ key: hash(bytes), source, read: async () => bytes }),
    }),
    onArtifactRemoved: (sha256) => runtime.forget(sha256),
  };
}
