import { isUtf8 } from 'node:buffer';
import type { Dir } from 'node:fs';
import { type Dirent, opendir as openListing } from 'node:fs';
import { mkdir, rmdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { FileCall } from './file-call.ts';
import { fail } from './file-error.ts';
import type { At, ListedEntry } from './file-methods.ts';
import { descriptorType } from './held.ts';
import { checkNewName } from './new-name.ts';
import { entryFacts } from './quota.ts';

/** Entries that are handed to the worker at once. */
const batch = 64;
const opendir = promisify<string, { encoding: 'buffer'; bufferSize: number }, Dir>(openListing as never);

export async function readDirectory(call: FileCall, handle: number): Promise<number> {
  const { on, label, held } = call.directory(handle);
  return call.keep(async () => {
    // Names are read as bytes: those that are no UTF-8 would otherwise turn up under a name that nothing has.
    const dir = await held.self((path) => opendir(path, { encoding: 'buffer', bufferSize: batch }));
    return { kind: 'listing', on, label, dir };
  });
}

export async function nextEntries(call: FileCall, handle: number): Promise<readonly ListedEntry[]> {
  const { dir } = call.listing(handle);
  const entries: ListedEntry[] = [];
  while (entries.length < batch) {
    const entry = (await dir.read()) as Dirent<Buffer> | null;
    if (entry === null) break;
    const name = isUtf8(entry.name) ? entry.name.toString('utf8') : undefined;
    entries.push({ name, type: descriptorType(entry) });
  }
  return entries;
}

export async function createDirectory(call: FileCall, { handle, path }: At): Promise<void> {
  const base = call.directory(handle);
  call.writable(base);
  await call.place(base, path, false, async (place) => {
    const { dir, name, entry } = place;
    if (name === undefined || entry !== undefined) fail('exist');
    await call.change(base.on, async (accounts) => {
      accounts?.check({ entries: 1 });
      await checkNewName(call, base.on, place);
      await dir.at(name, (hostPath) => mkdir(hostPath));
      accounts?.addEntries(1);
    });
  });
}

export async function removeDirectory(call: FileCall, { handle, path }: At): Promise<void> {
  const base = call.directory(handle);
  call.writable(base);
  await call.place(base, path, false, async ({ dir, name, entry }) => {
    if (name === undefined) fail('invalid');
    if (entry === undefined) fail('no-entry');
    if (entry.type !== 'directory') fail('not-directory');
    await call.change(base.on, async (accounts) => {
      const facts = await entryFacts(entry);
      await dir.at(name, (hostPath) => rmdir(hostPath));
      accounts?.removed(facts);
    });
  });
}
