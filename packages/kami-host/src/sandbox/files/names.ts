import * as fs from 'node:fs/promises';
import type { Accounts, FileCall, OpenDirectory } from './file-call.ts';
import { fail } from './file-error.ts';
import type { At } from './file-methods.ts';
import { checkMovedLinks, checkNewName, checkTarget } from './new-name.ts';
import { parsePath } from './path-names.ts';
import { entryFacts } from './quota.ts';
import type { Place } from './resolve.ts';

const longestTarget = 4_096;

export async function unlinkFile(call: FileCall, { handle, path }: At): Promise<void> {
  const base = call.directory(handle);
  call.writable(base);
  await call.place(base, path, false, async ({ dir, name, entry, directory }) => {
    if (name === undefined) fail('is-directory');
    if (entry === undefined) fail('no-entry');
    if (entry.type === 'directory') fail('is-directory');
    if (directory) fail('not-directory');
    await call.change(base.on, async (accounts) => {
      const facts = await entryFacts(entry);
      await dir.at(name, (hostPath) => fs.unlink(hostPath));
      accounts?.removed(facts);
    });
  });
}

/** Only within one mount: what is in another has other rights, even on the same disk. */
export async function rename(call: FileCall, from: At, to: At): Promise<void> {
  await betweenPlaces(call, from, to, async (old, target, base) => {
    const { entry } = old;
    if (old.name === undefined || target.name === undefined) fail('invalid');
    if (entry === undefined) fail('no-entry');
    if (entry.type !== 'directory' && (old.directory || target.directory)) fail('not-directory');
    await call.relink(base.on, async (accounts) => {
      const position = await checkNewName(call, base.on, target, entry);
      if (position.depth < (await checkNewName(call, base.on, old)).depth)
        await checkMovedLinks(old, position);
      await renameCounted(old, target, accounts);
    });
  });
}

async function renameCounted(old: Place, target: Place, accounts: Accounts | undefined): Promise<void> {
  const from = old.entry === undefined ? undefined : await entryFacts(old.entry);
  const replaced = target.entry === undefined ? undefined : await entryFacts(target.entry);
  await old.dir.at(old.name as string, (oldPath) =>
    target.dir.at(target.name as string, (newPath) => fs.rename(oldPath, newPath)),
  );
  // Two names of one file: rename leaves both as they are.
  if (replaced !== undefined && replaced.key !== from?.key) accounts?.removed(replaced);
}

/** A second name for a file, in the same mount. */
export async function link(call: FileCall, from: At & { readonly follow: boolean }, to: At): Promise<void> {
  if (from.follow) fail('invalid');
  await betweenPlaces(call, from, to, async (old, target, base) => {
    if (old.entry === undefined) fail('no-entry');
    if (old.name === undefined) fail('not-permitted');
    if (target.name === undefined) fail('exist');
    const { name } = old;
    const { type } = old.entry;
    if (type !== 'regular-file' && type !== 'symbolic-link') fail('not-permitted');
    if (old.directory) fail('not-directory');
    checkFree(target);
    const newName = target.name;
    await call.relink(base.on, async (accounts) => {
      accounts?.check({ entries: 1 });
      const position = await checkNewName(call, base.on, target);
      await checkMovedLinks(old, position);
      await old.dir.at(name, (oldPath) => target.dir.at(newName, (newPath) => fs.link(oldPath, newPath)));
      accounts?.addEntries(1);
    });
  });
}

export async function symlink(call: FileCall, { handle, path }: At, target: string): Promise<void> {
  const base = call.directory(handle);
  call.writable(base);
  if (Buffer.byteLength(target) > longestTarget) fail('name-too-long');
  if (target === '') fail('no-entry');
  if (target.includes('\0')) fail('invalid');
  if (!target.isWellFormed()) fail('illegal-byte-sequence');
  await call.place(base, path, false, async (place) => {
    const { dir, name } = place;
    if (name === undefined) fail('exist');
    checkFree(place);
    await call.relink(base.on, async (accounts) => {
      accounts?.check({ entries: 1 });
      checkTarget(target, await checkNewName(call, base.on, place));
      await dir.at(name, (hostPath) => fs.symlink(target, hostPath));
      accounts?.addEntries(1);
    });
  });
}

/** A link gets a name that nothing has, and that does not claim to be a folder. */
function checkFree({ entry, directory }: Place): void {
  if (entry !== undefined) fail(directory && entry.type !== 'directory' ? 'not-directory' : 'exist');
  if (directory) fail('no-entry');
}

/** What a link holds, unless that is a path of the host. */
export async function readlink(call: FileCall, { handle, path }: At): Promise<string> {
  const throughLink = parsePath(path).directory;
  return call.place(call.directory(handle), path, throughLink, async ({ dir, name, entry, directory }) => {
    if (entry === undefined) fail('no-entry');
    if (directory && entry.type !== 'directory') fail('not-directory');
    if (entry.type !== 'symbolic-link' || name === undefined) fail('invalid');
    const target = await dir.at(name, (hostPath) => fs.readlink(hostPath));
    return isRooted(target) ? fail('not-permitted') : target;
  });
}

function isRooted(target: string): boolean {
  return target.startsWith('/') || (process.platform === 'win32' && /^(?:\\|[a-z]:)/i.test(target));
}

/** Both folders must be of one mount that may be written to. */
async function betweenPlaces(
  call: FileCall,
  from: At,
  to: At,
  work: (old: Place, target: Place, base: OpenDirectory) => Promise<void>,
): Promise<void> {
  const [source, destination] = [call.directory(from.handle), call.directory(to.handle)];
  call.writable(source);
  call.writable(destination);
  if (source.on !== destination.on) fail('cross-device');
  await call.place(source, from.path, false, (old) =>
    call.place(destination, to.path, false, (target) => work(old, target, source)),
  );
}
