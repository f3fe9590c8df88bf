import { join } from 'node:path';
import type { ConfigValues } from '../config/config.ts';
import { isKamiError, KamiError } from '../errors/kami-error.ts';
import type { CallResult } from '../model/call-result.ts';
import type { ToolId } from '../model/ids.ts';
import type { Json } from '../model/json.ts';
import { type ArtifactStore, createArtifactStore } from '../registry/artifact-store.ts';
import type { InstalledTool } from '../registry/installed-tool.ts';
import { openRegistry, type Registry } from '../registry/open-registry.ts';
import { requireTool } from '../registry/require-tool.ts';
import { type CallableTool, installedCallable } from './callable-tool.ts';
import { type CallOptions, KamiRuntime, type RuntimeOptions } from './kami-runtime.ts';

/** The installed tools of one registry, ready to be called. */
export interface ToolHost {
  readonly registry: Registry;
  readonly artifacts: ArtifactStore;
  readonly runtime: KamiRuntime;
  /** Enabled tools in the order of their ids, as they are installed at this moment. */
  tools(): readonly InstalledTool[];
  /**
   * Calls an installed tool.
   * @throws KamiError `KAMI_TOOL_NOT_FOUND`, `KAMI_TOOL_DISABLED`, and as `KamiRuntime.call`
   */
  call(id: ToolId, input: Json, options?: CallOptions): Promise<CallResult>;
  /** @param running what becomes of calls that run, as `KamiRuntime.close` */
  close(running?: 'finish' | 'stop'): Promise<void>;
}

/**
 * Opens the registry, the artifact store and a runtime as the configuration says.
 * @throws KamiError `KAMI_REGISTRY_…`, `KAMI_FILE_…`
 */
export async function openToolHost(config: ConfigValues): Promise<ToolHost> {
  const registry = await openRegistry(config.registry.databasePath);
  const artifacts = createArtifactStore(registry);
  const runtime = createRuntime(config, { cacheDirectory: join(config.dataDir, 'cache', 'components') });
  const installed = createToolCache(registry, artifacts);
  return {
    registry,
    artifacts,
    runtime,
    tools: installed.all,
    async call(id, input, options) {
      const tool = installed.callable(id);
      try {
        return await runtime.call(tool, input, options);
      } catch (error) {
        // An update may have replaced the artifact after the tool was looked up.
        const now = isKamiError(error) && error.code === 'KAMI_STORE_DAMAGED' ? installed.callable(id) : tool;
        if (now.origin.key === tool.origin.key) throw error;
        return runtime.call(now, input, options);
      }
    },
    async close(running) {
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
  place: Pick<RuntimeOptions, 'cacheDirectory' | 'keepForms'>,
): KamiRuntime {
  const { maxConcurrent, poolSize, cacheSize } = runtime;
  return new KamiRuntime({ ...place, isolation: 'cell', maxConcurrent, poolSize, cacheSize });
}

/** What was read from the registry, until it changes: reading and parsing its rows costs more than a call's own work. */
function createToolCache(registry: Registry, artifacts: ArtifactStore) {
  let counter = registry.changeCounter();
  let list: readonly InstalledTool[] | undefined;
  const callables = new Map<string, CallableTool>();

  function refresh(): void {
    const now = registry.changeCounter();
    if (now === counter) return;
    counter = now;
    list = undefined;
    callables.clear();
  }

  return {
    all(): readonly InstalledTool[] {
      refresh();
      list ??= registry.tools.findAll({ enabledOnly: true }).tools;
      return list;
    },
    callable(id: ToolId): CallableTool {
      refresh();
      const known = callables.get(id);
      if (known !== undefined) return known;
      const callable = installedCallable(requireEnabled(registry, id), artifacts);
      callables.set(id, callable);
      return callable;
    },
  };
}

function requireEnabled({ tools }: Registry, id: ToolId): InstalledTool {
  const tool = requireTool(tools, id);
  if (tool.enabled) return tool;
  throw new KamiError('KAMI_TOOL_DISABLED', {
    message: `${id} is installed but disabled.`,
    fix: `Install it again to enable it: kami install ${tool.source.path}`,
  });
}
