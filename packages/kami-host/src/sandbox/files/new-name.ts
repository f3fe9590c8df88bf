import { readlink } from 'node:fs/promises';
import { sep } from 'node:path';
import type { FileCall, OpenMount } from './file-call.ts';
import { fail } from './file-error.ts';
import type { Held } from './held.ts';
import { eachBeneath } from './quota.ts';
import type { Place } from './resolve.ts';

/** Folders between a mount's root and the folder that a new name is made in. */
export interface NewName {
  readonly depth: number;
}

/**
 * Checks that a mount may get a name at this place, of this length.
 * @param moved what gets the name, if it has things beneath it
 * @throws HostCallError `name-too-long`; `no-entry` where the folder has been moved out of the mount
 */
export async function checkNewName(
  call: FileCall,
  on: OpenMount,
  { dir, name }: Pick<Place, 'dir' | 'name'>,
  moved?: Held,
): Promise<NewName> {
  const [root, here] = [await on.root.position(), await dir.position()];
  const prefix = root.endsWith(sep) ? root : root + sep;
  if (here !== root && !here.startsWith(prefix)) fail('no-entry');
  const beneath = here.slice(prefix.length);
  let bytes = Buffer.byteLength(beneath) + 1 + Buffer.byteLength(name ?? '');
  // Only a mount with a quota is small enough to be gone through; the others are the operator's own to keep.
  if (moved?.type === 'directory' && on.ledger !== undefined) bytes += await height(moved);
  if (bytes > call.limits.maxPathBytes) fail('name-too-long');
  return { depth: beneath === '' ? 0 : beneath.split(sep).length };
}

/** Length of the longest path beneath a folder, bytes. */
async function height(dir: Held): Promise<number> {
  let longest = 0;
  await eachBeneath(dir, async ({ pathBytes }) => {
    longest = Math.max(longest, pathBytes);
  });
  return longest;
}

/**
 * Checks that a link's target stays in the mount, seen from where the link will be. KAMI follows no link out of
 * a mount anyway; this keeps a guest from planting one for the operator's other programs. `..` may only stand at
 * the beginning: behind a name it need not lead back, since the name may be a link, or become one.
 * @throws HostCallError `not-permitted`
 */
export function checkTarget(target: string, { depth }: NewName): void {
  if (target.startsWith('/') || (process.platform === 'win32' && /[\\:]/.test(target))) fail('not-permitted');
  const parts = target.split('/').filter((part) => part !== '' && part !== '.');
  const ups = parts.filter((part) => part === '..').length;
  if (ups > depth || parts.slice(0, ups).some((part) => part !== '..')) fail('not-permitted');
}

/**
 * Checks that what is moved keeps the links in it from leading out at its new place.
 * @throws HostCallError `not-permitted`
 */
export async function checkMovedLinks({ dir, name, entry }: Place, { depth }: NewName): Promise<void> {
  if (name === undefined || entry === undefined) return;
  const check = async (holder: Held, link: string, level: number) =>
    checkTarget(await holder.at(link, (path) => readlink(path)), { depth: level });
  if (entry.type === 'symbolic-link') await check(dir, name, depth);
  if (entry.type !== 'directory') return;
  await eachBeneath(entry, async (found) => {
    if (found.entry.type === 'symbolic-link') await check(found.dir, found.name, depth + 1 + found.depth);
  });
}
