import { isDeepStrictEqual } from 'node:util';
import { isKamiError, KamiError } from '../errors/kami-error.ts';
import { type Grant, hasGrantItem, noGrant } from '../model/grant.ts';
import type { ToolId } from '../model/ids.ts';
import { characterName, replaceDeceptive } from '../model/text.ts';
import type { StagedArtifact } from '../registry/artifact-store.ts';
import type { StagedAssets } from '../registry/asset-store.ts';
import type { InstalledTool } from '../registry/installed-tool.ts';
import { type Candidate, createCandidate } from './candidate.ts';
import { changeToolGrant } from './change-grant.ts';
import { type Decision, decideInstall, type GrantOrder, type InstallOptions } from './decide.ts';
import { type Cleanup, type InstallDeps, sweepUnused } from './install-deps.ts';
import type { InstallSource } from './install-source.ts';
import { findLookAlikes } from './look-alike.ts';
import { readAssets } from './read-assets.ts';
import { readComponent } from './read-component.ts';
import { describeAdded, describeLimits, describeRequest } from './request-words.ts';
import { type Asking, addedItems, type RequestedItems, requestedItems } from './requested-items.ts';
import type { ToolChange } from './tool-changes.ts';

/** What an installation would do, for a person to read before it is done. Nothing has been changed yet. */
export interface InstallPlan {
  readonly action: Decision['action'];
  readonly id: ToolId;
  /** For a terminal: what could deceive or move the cursor is spelt out. One line. */
  readonly name: string;
  readonly version: string;
  /** Cleaned like the name; may have several lines. */
  readonly description: string;
  /** Of the component, bytes. */
  readonly size: number;
  /** What the tool asks for, each phrase to follow "It asks to"; empty when it asks for nothing. */
  readonly requests: readonly string[];
  /** The bounds of a call that it asks for, in the same form. */
  readonly limits: readonly string[];
  /** What it asks for and the installed version does not. */
  readonly added: readonly string[];
  /** What the operator is to decide about: all that a new tool asks for, or what an update adds to that. */
  readonly open: RequestedItems;
  /** What it is granted now. */
  readonly granted: Grant;
  readonly previousVersion: string | undefined;
  readonly changes: readonly ToolChange[];
  /** Whether a person should look before an update goes on: it asks for more, or tells agents something else. */
  readonly needsReview: boolean;
  /** What else the reader should know, in sentences. */
  readonly notices: readonly string[];
  /** For `executePlan`. */
  readonly candidate: Candidate;
  readonly basis: InstalledTool | undefined;
  readonly options: InstallOptions;
}

export interface InstallOutcome {
  readonly status: 'installed' | 'updated' | 'unchanged';
  readonly tool: InstalledTool;
  readonly previousVersion: string | undefined;
  readonly changes: readonly ToolChange[];
  /** What it is granted now. */
  readonly grant: Grant;
  readonly cleanup: Cleanup;
}

/**
 * Verifies and inspects what is at a source and tells what installing it would do. Changes nothing.
 *
 * @throws KamiError as `readComponent`, `readAssets`, `inspectComponent`, `createCandidate` and `decideInstall`, and those of
 * the registry
 */
export async function planInstall(
  deps: InstallDeps,
  source: InstallSource,
  options: InstallOptions = {},
): Promise<InstallPlan> {
  const bytes = await readComponent(source);
  const assets = readAssets(source);
  const { description } = await deps.inspectComponent(bytes);
  const candidate = createCandidate(source, bytes, description, assets);
  const { tool } = candidate;
  const basis = deps.registry.tools.find(tool.id);
  const { action, changes } = decideInstall(candidate, basis, options, timestamp(deps));
  const granted = basis === undefined ? noGrant : presentGrant(deps, tool.id);
  return {
    action,
    id: tool.id,
    name: cleanText(tool.name),
    version: tool.version,
    description: tool.description.split('\n').map(cleanText).join('\n'),
    size: tool.artifact.size,
    requests: describeRequest(tool.request),
    limits: describeLimits(tool.limits),
    added: basis === undefined ? [] : describeAdded(basis, tool),
    open: openItems(tool, basis, granted),
    granted,
    previousVersion: basis?.version,
    changes,
    needsReview: changes.some((change) => change.needsReview),
    notices: basis === undefined ? lookAlikeNotices(tool.id, deps.registry.tools.ids()) : [],
    candidate,
    basis,
    options,
  };
}

/**
 * Does what a plan says. The component's file and the registry's entry change together: a crash at any
 * instant leaves the tool as it was or as it is to be. So does what is granted with it: an update without `grants`
 * leaves the grant as it is.
 *
 * @throws KamiError `KAMI_INSTALL_CONFLICT` when the installed tool has changed since the plan was made, those of
 * the registry, `KAMI_DISK_FULL`, `KAMI_FILE_UNWRITABLE`
 */
export async function executePlan(
  deps: InstallDeps,
  plan: InstallPlan,
  grants: GrantOrder | undefined = plan.options.grants,
): Promise<InstallOutcome> {
  const options = { ...plan.options, ...(grants === undefined ? {} : { grants }) };
  const decision = await install(deps, plan.candidate, options, (current, { action }) => {
    if (action === 'unchanged' || isDeepStrictEqual(current, plan.basis)) return;
    throw new KamiError('KAMI_INSTALL_CONFLICT', {
      message: `${plan.id} was installed, updated or removed by another process in the meantime. Nothing was changed.`,
      fix: 'Run the command again to see what it would do now.',
      data: { tool: plan.id },
    });
  });
  return finish(deps, decision);
}

/**
 * Installs what is at a source without asking: `planInstall` and `executePlan` in one, for the tool as it is
 * installed at that moment. Grants what `options.grants` says, whatever the tool asks for.
 *
 * @throws KamiError as `planInstall` and `executePlan`, but no `KAMI_INSTALL_CONFLICT`
 */
export async function installTool(
  deps: InstallDeps,
  source: InstallSource,
  options: InstallOptions = {},
): Promise<InstallOutcome> {
  const plan = await planInstall(deps, source, options);
  return finish(deps, await install(deps, plan.candidate, options, () => undefined));
}

async function install(
  deps: InstallDeps,
  candidate: Candidate,
  options: InstallOptions,
  check: (current: InstalledTool | undefined, decision: Decision) => void,
): Promise<Decision> {
  const { store } = deps;
  // Outside the transaction, because writing megabytes to the disk would hold up every other writer.
  const staged = store.stage(candidate.bytes);
  let stagedAssets: StagedAssets | undefined;
  try {
    if (candidate.assets !== undefined) stagedAssets = store.assets.stage(candidate.assets);
    return commit(deps, candidate, options, { staged, stagedAssets, check });
  } finally {
    store.discard(staged);
    if (stagedAssets !== undefined) await store.assets.discard(stagedAssets);
  }
}

interface Prepared {
  readonly staged: StagedArtifact;
  readonly stagedAssets: StagedAssets | undefined;
  readonly check: (current: InstalledTool | undefined, decision: Decision) => void;
}

function commit(
  deps: InstallDeps,
  candidate: Candidate,
  options: InstallOptions,
  { staged, stagedAssets, check }: Prepared,
): Decision {
  const { store, privateFolders } = deps;
  const { tools } = deps.registry;
  return tools.transaction(() => {
    const current = tools.find(candidate.tool.id);
    const decision = decideInstall(candidate, current, options, timestamp(deps));
    check(current, decision);
    // Also for an unchanged tool: installing again is how damaged files are mended.
    store.commit(staged);
    if (stagedAssets !== undefined) store.assets.commit(stagedAssets);
    if (current === undefined) {
      privateFolders.clear(decision.tool.id);
      tools.insert(decision.tool);
    } else if (!isDeepStrictEqual(current, decision.tool)) tools.update(decision.tool);
    const { grants } = options;
    if (grants !== undefined && !isEmpty(grants)) {
      changeToolGrant(deps.registry, decision.tool.id, grants.change, grants.grantor);
    }
    return decision;
  });
}

const statuses = { install: 'installed', update: 'updated', unchanged: 'unchanged' } as const;

async function finish(deps: InstallDeps, decision: Decision): Promise<InstallOutcome> {
  return {
    status: statuses[decision.action],
    tool: decision.tool,
    previousVersion: decision.previous?.version,
    changes: decision.changes,
    grant: presentGrant(deps, decision.tool.id),
    cleanup: await sweepUnused(deps),
  };
}

function isEmpty({ change }: GrantOrder): boolean {
  return change.add.length === 0 && change.remove.length === 0;
}

/** A grant that can't be read grants nothing, and does not stop an update. */
function presentGrant({ registry }: InstallDeps, id: ToolId): Grant {
  try {
    return registry.grants.find(id) ?? noGrant;
  } catch (error) {
    if (isKamiError(error) && error.code === 'KAMI_REGISTRY_CORRUPT') return noGrant;
    throw error;
  }
}

function openItems(tool: Asking, basis: InstalledTool | undefined, granted: Grant): RequestedItems {
  const { items, mounts } = basis === undefined ? requestedItems(tool) : addedItems(basis, tool);
  return {
    items: items.filter((item) => !hasGrantItem(granted, item)),
    mounts: mounts.filter(({ path, access }) => {
      const mount = granted.mounts.find(({ guestPath }) => guestPath === path);
      return mount === undefined || (access === 'read-write' && mount.access === 'read-only');
    }),
  };
}

function timestamp(deps: InstallDeps): string {
  return (deps.now?.() ?? new Date()).toISOString();
}

function cleanText(text: string): string {
  return replaceDeceptive(text, (character) => `<${characterName(character)}>`);
}

function lookAlikeNotices(id: ToolId, installed: readonly string[]): readonly string[] {
  return findLookAlikes(id, installed).map(
    (other) => `The id ${id} is easily mistaken for the installed ${other}. They are different tools.`,
  );
}
