import { constants } from 'node:fs';
import {
  type Accounts,
  type FileCall,
  type OpenDirectory,
  type OpenedFile,
  type OpenMount,
  openedFile,
} from './file-call.ts';
import { errnoOf, fail } from './file-error.ts';
import type { OpenArgs, Opened } from './file-methods.ts';
import type { Held, HeldFile } from './held.ts';
import { checkNewName } from './new-name.ts';
import { type PathNames, parsePath } from './path-names.ts';
import type { ArgsReader } from './read-args.ts';
import type { Place } from './resolve.ts';

const { O_RDONLY, O_RDWR, O_WRONLY } = constants;
/** Not on every platform. */
const syncFlags = { none: 0, data: constants.O_DSYNC ?? 0, file: constants.O_SYNC ?? 0 };
/** How often a file may come and go between looking and opening. */
const mostTries = 8;
/** Characters. Folders can be opened from folders without end. */
const longestLabel = 300;

export function readOpenArgs(args: ArgsReader): OpenArgs {
  return {
    handle: args.handle(),
    path: args.text('path'),
    follow: args.flag('follow'),
    create: args.flag('create'),
    directory: args.flag('directory'),
    exclusive: args.flag('exclusive'),
    truncate: args.flag('truncate'),
    read: args.flag('read'),
    write: args.flag('write'),
    mutateDirectory: args.flag('mutateDirectory'),
    sync: args.oneOf('sync', ['none', 'data', 'file']),
  };
}

/**
 * open-at. A folder's descriptor has the rights of the one it was opened from, whatever flags it was opened with:
 * programs compiled by way of the WASI 0.1 adapter never ask for `mutate-directory`.
 */
export async function openAt(call: FileCall, args: OpenArgs): Promise<Opened> {
  const base = call.directory(args.handle);
  if (args.write || args.mutateDirectory || args.create || args.truncate) call.writable(base);
  if (args.directory && (args.create || args.exclusive || args.truncate)) fail('invalid');
  const follow = (args.follow && !(args.create && args.exclusive)) || parsePath(args.path).directory;

  for (let tries = 0; tries < mostTries; tries++) {
    const opened = await call.place(base, args.path, follow, (place, path) =>
      openPlace(call, base, place, path, args),
    );
    if (opened !== undefined) return opened;
  }
  return fail('busy');
}

/** Nothing if the place has changed since it was looked at. */
async function openPlace(
  call: FileCall,
  base: OpenDirectory,
  place: Place,
  path: PathNames,
  args: OpenArgs,
): Promise<Opened | undefined> {
  const { entry } = place;
  const label = `${base.label}/${path.names.join('/')}`.slice(0, longestLabel);
  if (entry === undefined) {
    if (!args.create) fail('no-entry');
    if (place.directory) fail('is-directory');
    return create(call, base, place, args, label);
  }
  if (args.create && args.exclusive) fail('exist');
  const mustBeDirectory = args.directory || place.directory;
  switch (entry.type) {
    case 'directory':
      if (args.write || args.truncate || args.create) fail('is-directory');
      return openDirectory(call, base, entry, label);
    case 'regular-file':
      if (mustBeDirectory) fail('not-directory');
      return openFile(call, base, entry, args, label);
    case 'symbolic-link':
      return fail(args.directory ? 'not-directory' : 'loop');
    default:
      return fail('not-permitted');
  }
}

async function openDirectory(
  call: FileCall,
  { on }: OpenDirectory,
  entry: Held,
  label: string,
): Promise<Opened> {
  const handle = await call.keep(async () => ({
    kind: 'directory',
    on,
    label,
    held: await entry.duplicate(),
  }));
  return { handle, type: 'directory', mutable: on.mount.access === 'read-write' };
}

async function openFile(
  call: FileCall,
  { on }: OpenDirectory,
  entry: Held,
  args: OpenArgs,
  label: string,
): Promise<Opened> {
  const handle = await call.keep(async () => {
    const held = await entry.open(hostFlags(args));
    if (args.truncate) await cut(call, on, held);
    return openedFile(on, held, { label, read: args.read, write: args.write });
  });
  return { handle, type: 'regular-file', mutable: false };
}

async function cut(call: FileCall, on: OpenMount, held: HeldFile): Promise<void> {
  try {
    await call.change(on, async (accounts) => {
      await held.handle.truncate(0);
      await accounts?.measure(held);
    });
  } catch (error) {
    await held.release();
    throw error;
  }
}

async function create(
  call: FileCall,
  { on }: OpenDirectory,
  place: Place,
  args: OpenArgs,
  label: string,
): Promise<Opened | undefined> {
  const { dir, name } = place;
  if (name === undefined) fail('exist');
  const make = async (accounts: Accounts | undefined): Promise<OpenedFile> => {
    accounts?.check({ entries: 1 });
    await checkNewName(call, on, place);
    const held: HeldFile = await dir.create(name, hostFlags(args));
    accounts?.addEntries(1);
    return openedFile(on, held, { label, read: args.read, write: args.write });
  };
  try {
    const handle = await call.keep(() => call.change(on, make));
    return { handle, type: 'regular-file', mutable: false };
  } catch (error) {
    if (errnoOf(error) === 'EEXIST' && !args.exclusive) return undefined;
    throw error;
  }
}

function hostFlags({ read, write, truncate, sync }: OpenArgs): number {
  const reading = read || !write;
  const writing = write || truncate;
  const access = !writing ? O_RDONLY : reading ? O_RDWR : O_WRONLY;
  return access | syncFlags[sync];
}
