import type { HostService } from '../host-call/dispatcher.ts';
import { HostCallError } from '../host-call/protocol.ts';
import { createDirectory, nextEntries, readDirectory, removeDirectory } from './directories.ts';
import { FileCall, type FilesDeps } from './file-call.ts';
import { append, read, setSize, sync, write } from './file-data.ts';
import { fail, guestError } from './file-error.ts';
import type { FileGrant } from './file-grant.ts';
import type { FileMethods } from './file-methods.ts';
import {
  isSameObject,
  metadataHash,
  metadataHashAt,
  setTimes,
  setTimesAt,
  stat,
  statAt,
} from './metadata.ts';
import { link, readlink, rename, symlink, unlinkFile } from './names.ts';
import { openAt, readOpenArgs } from './open-at.ts';
import { ArgsReader } from './read-args.ts';

/**
 * The file system of one call: the service `files`, made from the call's frozen grant. It runs in the control
 * process and never blocks it. Requests are performed one after another, as the guest, which is synchronous, makes
 * them; what a worker says is checked like any input.
 */
export function createFiles(grant: FileGrant, deps: FilesDeps): HostService {
  const call = new FileCall(grant, deps);
  let tail: Promise<unknown> = Promise.resolve();
  let closed = false;
  return {
    handle(method, args) {
      const turn = tail.then(() => (closed ? fail('bad-descriptor') : perform(call, method, args)));
      tail = turn.catch(() => undefined);
      return turn;
    },
    async close() {
      closed = true;
      await tail;
      await call.closeAll();
    },
  };
}

type Perform = {
  readonly [K in keyof FileMethods]: (call: FileCall, args: ArgsReader) => Promise<FileMethods[K]['result']>;
};

const followAt = (args: ArgsReader) => ({ ...at(args), follow: args.flag('follow') });
const at = (args: ArgsReader) => ({ handle: args.handle(), path: args.text('path') });
const times = (args: ArgsReader) => ({
  access: args.time('access'),
  modification: args.time('modification'),
});
const chunk = (call: FileCall, args: ArgsReader) => args.bytes('bytes', call.limits.maxChunkBytes);

const methods: Perform = {
  preopens,
  open: (call, args) => openAt(call, readOpenArgs(args)),
  close: (call, args) => call.close(args.handle()),
  read: (call, args) =>
    read(call, { handle: args.handle(), offset: args.u64('offset'), length: args.u64('length') }),
  write: (call, args) =>
    write(call, { handle: args.handle(), offset: args.u64('offset'), bytes: chunk(call, args) }),
  append: (call, args) => append(call, { handle: args.handle(), bytes: chunk(call, args) }),
  'set-size': (call, args) => setSize(call, { handle: args.handle(), size: args.u64('size') }),
  sync: (call, args) => sync(call, { handle: args.handle(), dataOnly: args.flag('dataOnly') }),
  stat: (call, args) => stat(call, args.handle()),
  'stat-at': (call, args) => statAt(call, followAt(args)),
  'set-times': (call, args) => setTimes(call, args.handle(), times(args)),
  'set-times-at': (call, args) => setTimesAt(call, followAt(args), times(args)),
  'metadata-hash': (call, args) => metadataHash(call, args.handle()),
  'metadata-hash-at': (call, args) => metadataHashAt(call, followAt(args)),
  'is-same-object': (call, args) => isSameObject(call, args.handle(), args.handle('other')),
  'read-directory': (call, args) => readDirectory(call, args.handle()),
  'next-entries': (call, args) => nextEntries(call, args.handle()),
  'create-directory': (call, args) => createDirectory(call, at(args)),
  'remove-directory': (call, args) => removeDirectory(call, at(args)),
  'unlink-file': (call, args) => unlinkFile(call, at(args)),
  rename: (call, args) => rename(call, at(args), args.at('to')),
  link: (call, args) => link(call, followAt(args), args.at('to')),
  symlink: (call, args) => symlink(call, at(args), args.text('target')),
  readlink: (call, args) => readlink(call, at(args)),
};

/** Errors that mean that the operator granted less than was asked for. */
const refusals: ReadonlySet<string> = new Set(['not-permitted', 'read-only', 'quota']);

async function perform(call: FileCall, method: string, rawArgs: unknown): Promise<unknown> {
  if (!Object.hasOwn(methods, method)) fail('unsupported');
  const args = new ArgsReader(rawArgs);
  try {
    return await methods[method as keyof FileMethods](call, args);
  } catch (error) {
    const told = guestError(error);
    if (told instanceof HostCallError && refusals.has(told.code)) {
      call.refused(`${method} ${subject(call, rawArgs)} (${told.code})`);
    }
    throw told;
  }
}

/** What a request was about, in the guest's words. */
function subject(call: FileCall, rawArgs: unknown): string {
  const { handle, path } = (rawArgs ?? {}) as { readonly handle?: unknown; readonly path?: unknown };
  const base = call.label(handle);
  return typeof path === 'string' ? `${base}/${path}` : base;
}

async function preopens(call: FileCall): Promise<FileMethods['preopens']['result']> {
  const opened = [];
  for (const on of await call.roots()) {
    const { guestPath, access } = on.mount;
    const handle = await call.keep(async () => ({
      kind: 'directory',
      on,
      label: guestPath,
      held: await on.root.duplicate(),
    }));
    opened.push({ guestPath, handle, mutable: access === 'read-write' });
  }
  return opened;
}
