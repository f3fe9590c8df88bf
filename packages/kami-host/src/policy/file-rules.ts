import { isAbsolute } from 'node:path';
import type { Grant, GrantedMount } from '../model/grant.ts';
import { formatGrantItem } from '../model/grant-item.ts';
import { guestPath, packageGuestPath, privateGuestPath } from '../model/guest-path.ts';
import { isWithin } from '../model/path-overlap.ts';
import type { FileQuota, PolicyMount } from './call-policy.ts';

/** Where the files of a tool and of KAMI are. All absolute. */
export interface PolicyPaths {
  /** The tool's own package; undefined when nothing but its component was kept. */
  readonly packageFolder: string | undefined;
  /** The tool's private folder, whether it exists yet or not. */
  readonly privateFolder: string;
  /** Folders of KAMI itself: registry, store, secrets, settings. No mount reaches them. */
  readonly kamiFolders: readonly string[];
}

/** What a tool may keep in its private folder. */
const privateQuota: FileQuota = Object.freeze({ bytes: 64 * 1024 * 1024, entries: 10_000 });

/** The folders that a call sees. */
export function fileRules(
  { fileSystem, mounts }: Grant,
  { packageFolder, privateFolder, kamiFolders }: PolicyPaths,
  deny: (item: string, reason: string) => void,
): readonly PolicyMount[] {
  const rules: PolicyMount[] = [];
  const add = (mount: GrantedMount, quota?: FileQuota) => void rules.push(Object.freeze({ ...mount, quota }));
  if (fileSystem === 'read-only' || fileSystem === 'sandbox') {
    if (packageFolder !== undefined) {
      add({ guestPath: packageGuestPath, hostPath: packageFolder, access: 'read-only' });
    } else if (fileSystem === 'read-only') {
      deny('fs=read-only', 'this tool was installed without any file but its component');
    }
  }
  if (fileSystem === 'sandbox') {
    add({ guestPath: privateGuestPath, hostPath: privateFolder, access: 'read-write' }, privateQuota);
  }
  for (const mount of mounts) {
    const { guestPath: place, hostPath, access } = mount;
    const reason = mountProblem(mount, mounts, kamiFolders);
    if (reason === undefined) add({ guestPath: place, hostPath, access });
    else deny(formatGrantItem({ kind: 'mount', ...mount }), reason);
  }
  return Object.freeze(rules);
}

function mountProblem(
  mount: GrantedMount,
  all: readonly GrantedMount[],
  kamiFolders: readonly string[],
): string | undefined {
  const { guestPath: place, hostPath, access } = mount;
  if (access !== 'read-only' && access !== 'read-write') return 'it says neither ro nor rw';
  if (!guestPath(place).ok) return `${place} is no place where a tool can have a folder`;
  if (!isAbsolute(hostPath)) return 'the folder is not given from the root';
  if (all.some((other) => other !== mount && other.guestPath === place)) {
    return `two folders are granted as ${place}`;
  }
  if (kamiFolders.some((own) => isWithin(own, hostPath) || isWithin(hostPath, own))) {
    return 'the folder holds files of KAMI itself, or lies among them';
  }
  // Through the outer one the tool could put a link in the place of the inner one, and so choose what it is next time.
  const outer = all.find(
    (other) => other !== mount && other.access === 'read-write' && isWithin(hostPath, other.hostPath),
  );
  if (outer !== undefined && (access !== outer.access || hostPath !== outer.hostPath)) {
    return `the folder lies in ${outer.hostPath}, which the tool may change`;
  }
  return undefined;
}
