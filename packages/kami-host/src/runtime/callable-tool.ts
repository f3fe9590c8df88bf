import type { ComponentOrigin } from '../component/component-store.ts';
import type { Limits } from '../model/limits.ts';
import { defaultLimits } from '../model/limits.ts';
import type { ToolDescription } from '../model/tool.ts';
import type { ArtifactStore } from '../registry/artifact-store.ts';
import type { InstalledTool } from '../registry/installed-tool.ts';

/** All that the runtime needs to call a tool. */
export interface CallableTool {
  readonly origin: ComponentOrigin;
  readonly limits: Limits;
  readonly convention: ToolDescription['convention'];
  /** Schemas as JSON text: this is how workers take them and keep their validators. */
  readonly inputSchema: string;
  readonly outputSchema: string | undefined;
}

type Described = Pick<ToolDescription, 'convention' | 'inputSchema' | 'outputSchema'>;

/** Joins a component, what it says of itself, and the limits that hold for it. */
export function callableTool(origin: ComponentOrigin, described: Described, limits: Limits): CallableTool {
  return {
    origin,
    limits,
    convention: described.convention,
    inputSchema: JSON.stringify(described.inputSchema),
    outputSchema: described.outputSchema === undefined ? undefined : JSON.stringify(described.outputSchema),
  };
}

/** An installed tool, its component taken from the store and verified whenever it has to be read. */
export function installedCallable(tool: InstalledTool, store: Pick<ArtifactStore, 'read'>): CallableTool {
  const origin: ComponentOrigin = {
    key: tool.artifact.sha256,
    source: tool.id,
    read: () => store.read(tool.artifact.sha256, tool),
  };
  const { maxMemoryMb, timeoutMs } = tool.limits;
  return callableTool(origin, tool, { ...defaultLimits, maxMemoryMb, timeoutMs });
}
