import { KamiError } from '../errors/kami-error.ts';
import type { GrantChange, Grantor } from '../model/grant.ts';
import { compareVersions, parseVersion } from '../model/version.ts';
import type { InstalledTool } from '../registry/installed-tool.ts';
import type { Candidate } from './candidate.ts';
import { findChanges, type ToolChange } from './tool-changes.ts';

export interface InstallOptions {
  /** Lets an older version replace a newer one. */
  readonly allowDowngrade?: boolean;
  /** What the operator grants with the installation, and takes away; nothing when left out. */
  readonly grants?: GrantOrder;
}

/** A change of what a tool is granted, made together with its installation. */
export interface GrantOrder {
  readonly change: GrantChange;
  readonly grantor: Grantor;
}

/** What an installation would do to the registry as it is at this moment. */
export interface Decision {
  readonly action: 'install' | 'update' | 'unchanged';
  /** The entry to write. */
  readonly tool: InstalledTool;
  /** The entry that was there. */
  readonly previous: InstalledTool | undefined;
  readonly changes: readonly ToolChange[];
}

/**
 * Pure: the candidate and the installed tool with its id, if any, decide.
 * @throws KamiError `KAMI_TOOL_SIGNER_CHANGED`, `KAMI_TOOL_PINNED`, `KAMI_TOOL_DOWNGRADE`
 */
export function decideInstall(
  { tool }: Candidate,
  previous: InstalledTool | undefined,
  options: InstallOptions,
  now: string,
): Decision {
  if (previous === undefined) {
    const entry = { ...tool, enabled: true, installedAt: now, updatedAt: now, pinnedVersion: undefined };
    return { action: 'install', tool: entry, previous, changes: [] };
  }
  refuseOtherSigner(tool, previous);
  refusePinned(tool, previous);
  if (options.allowDowngrade !== true) refuseOlder(tool, previous);
  const changes = findChanges(previous, tool);
  const { enabled, installedAt, pinnedVersion } = previous;
  const updatedAt = changes.length === 0 ? previous.updatedAt : now;
  const entry = { ...tool, enabled, installedAt, updatedAt, pinnedVersion };
  return { action: changes.length === 0 ? 'unchanged' : 'update', tool: entry, previous, changes };
}

/** An id belongs to the key that first signed it: a stranger's package of the same id is not an update. */
function refuseOtherSigner(next: Candidate['tool'], previous: InstalledTool): void {
  if (previous.signerPublicKey === undefined || previous.signerPublicKey === next.signerPublicKey) return;
  const found = next.signerPublicKey === undefined ? 'is not signed' : `is signed by ${next.signerPublicKey}`;
  throw new KamiError('KAMI_TOOL_SIGNER_CHANGED', {
    message: `The installed ${next.id} is signed by ${previous.signerPublicKey}, but what is to replace it ${found}. The installed version stays.`,
    fix: `Ask the publisher. If the change is right, remove the tool first: kami uninstall ${next.id}`,
    data: { tool: next.id, installed: previous.signerPublicKey, found: next.signerPublicKey ?? null },
  });
}

function refusePinned(next: Candidate['tool'], previous: InstalledTool): void {
  const pin = previous.pinnedVersion;
  const sameBytes = next.artifact.sha256 === previous.artifact.sha256 && next.assets === previous.assets;
  if (pin === undefined || (next.version === pin && (previous.version !== pin || sameBytes))) return;
  const what = next.version === pin ? `other bytes under the version ${pin}` : `version ${next.version}`;
  throw new KamiError('KAMI_TOOL_PINNED', {
    message: `${next.id} is pinned to version ${pin}, and this is ${what}. The installed version stays.`,
    fix: `Install version ${pin}, or remove the tool first: kami uninstall ${next.id}`,
    data: { tool: next.id, pinned: pin, found: next.version },
  });
}

function refuseOlder(next: Candidate['tool'], previous: InstalledTool): void {
  const found = parseVersion(next.version);
  const installed = parseVersion(previous.version);
  if (found === undefined || installed === undefined || compareVersions(found, installed) >= 0) return;
  throw new KamiError('KAMI_TOOL_DOWNGRADE', {
    message: `${next.id} is installed as version ${previous.version}, and this is the older version ${next.version}. The installed version stays.`,
    fix: `Install the newer one, or run the same command with --allow-downgrade.`,
    data: { tool: next.id, installed: previous.version, found: next.version },
  });
}
