import { join } from 'node:path';
import type { Config, ConfigValues } from '../config/config.ts';
import { isKamiError } from '../errors/kami-error.ts';
import type { CallResult } from '../model/call-result.ts';
import type { GrantItem } from '../model/grant-item.ts';
import type { ToolId } from '../model/ids.ts';
import type { Json } from '../model/json.ts';
import type { EnforcedAnnotations } from '../policy/enforced-annotations.ts';
import { type ArtifactStore, createArtifactStore } from '../registry/artifact-store.ts';
import type { InstalledTool } from '../registry/installed-tool.ts';
import { openRegistry, type Registry } from '../registry/open-registry.ts';
import { createRegistryWatch } from '../registry/registry-watch.ts';
import { createSecretStore, type SecretStore } from '../registry/secret-store.ts';
import type { CallableTool } from './callable-tool.ts';
import type { EventSink } from './events.ts';
import { createInstalledTools, type GrantCeilings, noCeilings } from './installed-tools.ts';
import { type CallOptions, KamiRuntime, type OfferCall, type RuntimeOptions } from './kami-runtime.ts';

export interface HostCallOptions extends CallOptions {
  /** What a person permits for this call alone, beside what the tool is granted. */
  readonly permitted?: readonly GrantItem[];
}

/** The installed tools of one registry, ready to be called under what they are granted. */
export interface ToolHost {
  readonly registry: Registry;
  readonly artifacts: ArtifactStore;
  readonly secrets: SecretStore;
  readonly runtime: KamiRuntime;
  /** Enabled tools in the order of their ids, as they are installed at this moment. */
  tools(): readonly InstalledTool[];
  /** What clients are told that a tool does: what it is held to, before what its author claims. */
  annotations(tool: InstalledTool): EnforcedAnnotations;
  /**
   * Listens for changes of what is installed and granted, by any process.
   * @returns ends it; what still listens ends with the host
   */
  onChange(listener: () => void): () => void;
  /**
   * Calls an installed tool.
   * @throws KamiError `KAMI_TOOL_NOT_FOUND`, `KAMI_TOOL_DISABLED`, and as `KamiRuntime.call`
   */
  call(id: ToolId, input: Json, options?: HostCallOptions): Promise<CallResult>;
  /**
   * Asks an installed tool's component for what it offers beside the tool.
   * @throws KamiError as `call`
   */
  consult(id: ToolId, asked: OfferCall, options?: CallOptions): Promise<CallResult>;
  /** @param running what becomes of calls that run, as `KamiRuntime.close` */
  close(running?: 'finish' | 'stop'): Promise<void>;
}

/**
 * Opens the registry, the artifact store and a runtime as the configuration says.
 * @param onEvent takes what happens in the runtime, as it happens
 * @param ceilings the most that tools may do here, whatever they were granted
 * @throws KamiError `KAMI_REGISTRY_…`, `KAMI_FILE_…`
 */
export async function openToolHost(
  config: Pick<Config, 'values' | 'file'>,
  onEvent?: EventSink,
  ceilings: GrantCeilings = noCeilings,
): Promise<ToolHost> {
  const { values } = config;
  const registry = await openRegistry(values.registry.databasePath);
  const artifacts = createArtifactStore(registry);
  const secrets = createSecretStore(registry);
  const runtime = createRuntime(values, {
    cacheDirectory: join(values.dataDir, 'cache', 'components'),
    ...(onEvent === undefined ? {} : { onEvent }),
  });
  const installed = createInstalledTools({ registry, artifacts, secrets, config, ceilings });
  const watch = createRegistryWatch(registry);

  async function withTool<T>(
    id: ToolId,
    permitted: readonly GrantItem[],
    work: (tool: CallableTool) => Promise<T>,
  ): Promise<T> {
    const tool = installed.callable(id, permitted);
    try {
      return await work(tool);
    } catch (error) {
      // An update may have replaced the artifact after the tool was looked up.
      const now =
        isKamiError(error) && error.code === 'KAMI_STORE_DAMAGED' ? installed.callable(id, permitted) : tool;
      if (now.origin.key === tool.origin.key) throw error;
      return work(now);
    }
  }

  return {
    registry,
    artifacts,
    secrets,
    runtime,
    tools: installed.all,
    annotations: installed.annotations,
    onChange: watch.subscribe,
    call: (id, input, { permitted = [], ...options } = {}) =>
      withTool(id, permitted, (tool) => runtime.call(tool, input, options)),
    consult: (id, asked, options) => withTool(id, [], (tool) => runtime.consult(tool, asked, options)),
    async close(running) {
      watch.close();
      await runtime.close(running);
      registry.close();
    },
  };
}

const scratchForms = 8;

/** A runtime alone, for components that are not installed: of what it derives from them only the newest stays. */
export function createScratchRuntime(config: RuntimeConfig): KamiRuntime {
  return createRuntime(config, {
    cacheDirectory: join(config.dataDir, 'cache', 'scratch'),
    keepForms: scratchForms,
  });
}

type RuntimeConfig = Pick<ConfigValues, 'dataDir' | 'runtime'>;

function createRuntime(
  { runtime }: RuntimeConfig,
  own: Pick<RuntimeOptions, 'cacheDirectory' | 'keepForms' | 'onEvent'>,
): KamiRuntime {
  const { isolation, maxConcurrent, maxComputing, maxQueued, callsPerMinute } = runtime;
  const { poolSize, maxCells, cacheSize } = runtime;
  const bounds = { maxConcurrent, maxComputing, maxQueued, callsPerMinute, poolSize, maxCells, cacheSize };
  return new KamiRuntime({ ...own, isolation, ...bounds });
}
