import { mkdirSync, realpathSync } from 'node:fs';
import type { ComponentOrigin } from '../component/component-store.ts';
import type { Config } from '../config/config.ts';
import { isKamiError, KamiError } from '../errors/kami-error.ts';
import { type Grant, noGrant, withItems } from '../model/grant.ts';
import type { GrantItem } from '../model/grant-item.ts';
import type { ToolId } from '../model/ids.ts';
import type { CellSharing } from '../model/isolation.ts';
import type { CallPolicy } from '../policy/call-policy.ts';
import { computePolicy } from '../policy/compute-policy.ts';
import { type EnforcedAnnotations, enforceAnnotations } from '../policy/enforced-annotations.ts';
import { beyondPolicy, narrowPolicy } from '../policy/narrow-policy.ts';
import type { ArtifactStore } from '../registry/artifact-store.ts';
import { toWriteError } from '../registry/file-errors.ts';
import type { InstalledTool } from '../registry/installed-tool.ts';
import { privateFolder } from '../registry/kami-folder.ts';
import type { Registry } from '../registry/open-registry.ts';
import { requireTool } from '../registry/require-tool.ts';
import type { SecretStore } from '../registry/secret-store.ts';
import { type CallableTool, describedCall } from './callable-tool.ts';
import { ownPaths } from './own-paths.ts';

export interface InstalledToolsDeps {
  readonly registry: Pick<Registry, 'path' | 'tools' | 'grants' | 'changeCounter'>;
  readonly artifacts: Pick<ArtifactStore, 'read' | 'assets'>;
  readonly secrets: Pick<SecretStore, 'read'>;
  readonly config: Pick<Config, 'values' | 'file'>;
  readonly ceilings: GrantCeilings;
}

/** The most that tools may do in this process, whatever they were granted; a tool that is not in it may do all of that. */
export type GrantCeilings = ReadonlyMap<ToolId, Grant>;

export const noCeilings: GrantCeilings = new Map();

/** The installed tools of one registry as they are at this moment, each with what it is granted. */
export interface InstalledTools {
  /** Enabled ones, in the order of their ids. */
  all(): readonly InstalledTool[];
  /** What clients are told of a tool. One whose grant is damaged can't be called, and is told of as granted nothing. */
  annotations(tool: InstalledTool): EnforcedAnnotations;
  /** @throws KamiError `KAMI_TOOL_NOT_FOUND`, `KAMI_TOOL_DISABLED`, `KAMI_REGISTRY_…`, `KAMI_STORE_DAMAGED`, `KAMI_FILE_UNWRITABLE` */
  callable(id: ToolId, permitted?: readonly GrantItem[]): CallableTool;
}

/** Keeps what was read until the registry changes: reading and parsing its rows costs more than a call's own work. */
export function createInstalledTools(deps: InstalledToolsDeps): InstalledTools {
  const { registry } = deps;
  let counter = registry.changeCounter();
  let list: readonly InstalledTool[] | undefined;
  const callables = new Map<string, CallableTool>();
  const annotations = new Map<string, EnforcedAnnotations>();

  function refresh(): void {
    const now = registry.changeCounter();
    if (now === counter) return;
    counter = now;
    list = undefined;
    callables.clear();
    annotations.clear();
  }

  function all(): readonly InstalledTool[] {
    refresh();
    list ??= registry.tools.findAll({ enabledOnly: true }).tools;
    return list;
  }

  return {
    all,
    annotations(tool) {
      refresh();
      const known = annotations.get(tool.id);
      if (known !== undefined) return known;
      const enforced = annotationsOf(tool, deps.ceilings.get(tool.id), deps);
      annotations.set(tool.id, enforced);
      return enforced;
    },
    callable(id, permitted = []) {
      refresh();
      if (permitted.length > 0) return toCallable(requireEnabled(registry, id), deps, permitted);
      const known = callables.get(id);
      if (known !== undefined) return known;
      const callable = toCallable(requireEnabled(registry, id), deps);
      callables.set(id, callable);
      return callable;
    },
  };
}

function originOf(tool: InstalledTool, { artifacts }: InstalledToolsDeps): ComponentOrigin {
  const { id, artifact } = tool;
  return { key: artifact.sha256, source: id, read: () => artifacts.read(artifact.sha256, tool) };
}

function toCallable(
  tool: InstalledTool,
  deps: InstalledToolsDeps,
  permitted: readonly GrantItem[] = [],
): CallableTool {
  const { registry, secrets, config } = deps;
  const { id } = tool;
  return {
    name: id,
    origin: originOf(tool, deps),
    domain: domainOf(tool, config.values.runtime.cellSharing),
    policy: policyOf(tool, deps, permitted),
    values: { secrets: () => secrets.read(id), environment: process.env },
    notes: {
      onUse: (item) => registry.grants.noteUse(id, item, new Date()),
      onRefusal: (refusal) => registry.grants.noteRefusal(id, refusal, new Date()),
    },
    ...describedCall(tool),
  };
}

/** Only the grant decides: what the tool asks for in its manifest plays no part in what it may do. */
function policyOf(
  tool: InstalledTool,
  deps: InstalledToolsDeps,
  permitted: readonly GrantItem[],
): CallPolicy {
  const { registry, artifacts, config, ceilings } = deps;
  const { id, assets } = tool;
  const granted = registry.grants.find(id) ?? noGrant;
  const grant = permitted.length === 0 ? granted : withItems(granted, permitted);
  const isPrivate = grant.fileSystem === 'sandbox';
  const policy = computePolicy({
    grant,
    config: config.values,
    paths: {
      packageFolder:
        grant.fileSystem === 'none' || assets === undefined
          ? undefined
          : artifacts.assets.folder(assets, tool),
      privateFolder: isPrivate ? madePrivateFolder(registry.path, id) : privateFolder(registry.path, id),
      kamiFolders: ownPaths(config),
    },
  });
  return below(policy, ceilings.get(id));
}

function below(policy: CallPolicy, ceiling: Grant | undefined): CallPolicy {
  return ceiling === undefined ? policy : narrowPolicy(policy, ceiling);
}

/** What a tool is granted that has no effect, with the reasons. */
export function deniedGrants(tool: InstalledTool, deps: PolicyDeps): CallPolicy['denied'] {
  return foreseenPolicy(tool, deps.registry.grants.find(tool.id) ?? noGrant, deps).denied;
}

/** What a profile names for a tool and the tool was not granted. */
export function beyondGrant(tool: InstalledTool, ceiling: Grant, deps: PolicyDeps): readonly GrantItem[] {
  return beyondPolicy(foreseenPolicy(tool, readableGrant(tool, deps), deps), ceiling);
}

/** What clients are told of a tool whose grant is at most `ceiling`. */
export function annotationsOf(
  tool: InstalledTool,
  ceiling: Grant | undefined,
  deps: PolicyDeps,
): EnforcedAnnotations {
  const policy = foreseenPolicy(tool, readableGrant(tool, deps), deps);
  return enforceAnnotations(tool.annotations, below(policy, ceiling));
}

type PolicyDeps = {
  readonly registry: Pick<Registry, 'path' | 'grants'>;
  readonly config: Pick<Config, 'values' | 'file'>;
};

function readableGrant({ id }: InstalledTool, { registry }: PolicyDeps): Grant {
  try {
    return registry.grants.find(id) ?? noGrant;
  } catch (error) {
    if (isKamiError(error) && error.code === 'KAMI_REGISTRY_CORRUPT') return noGrant;
    throw error;
  }
}

/** What a call would be allowed, worked out without making or reading a folder. */
function foreseenPolicy(
  { id, assets }: InstalledTool,
  grant: Grant,
  { registry, config }: PolicyDeps,
): CallPolicy {
  const folder = privateFolder(registry.path, id);
  return computePolicy({
    grant,
    config: config.values,
    paths: {
      packageFolder: assets === undefined ? undefined : folder,
      privateFolder: folder,
      kamiFolders: ownPaths(config),
    },
  });
}

/** The tool's private folder, for this user only, as it really is: mounts are held against links. */
function madePrivateFolder(registryPath: string, id: ToolId): string {
  const folder = privateFolder(registryPath, id);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return realpathSync(folder);
  } catch (error) {
    throw toWriteError(error, folder);
  }
}

/**
 * Tools of one domain may share a process. A publisher is known by a signature that was verified, and none is
 * yet: the key that a manifest names is a claim that anybody could make, so it opens no other tool's process.
 */
function domainOf({ id }: InstalledTool, sharing: CellSharing): string {
  return sharing === 'shared' ? 'shared' : `tool ${id}`;
}

function requireEnabled({ tools }: Pick<Registry, 'tools'>, id: ToolId): InstalledTool {
  const tool = requireTool(tools, id);
  if (tool.enabled) return tool;
  throw new KamiError('KAMI_TOOL_DISABLED', {
    message: `${id} is installed but disabled.`,
    fix: `Install it again to enable it: kami install ${tool.source.path}`,
  });
}
