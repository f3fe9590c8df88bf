import { constants } from 'node:fs';
import type { Accounts, FileCall, OpenedFile } from './file-call.ts';
import { fail } from './file-error.ts';
import type { FileMethods } from './file-methods.ts';
import type { HeldFile } from './held.ts';

type Args<K extends keyof FileMethods> = FileMethods[K]['args'];

export async function read(
  call: FileCall,
  { handle, offset, length }: Args<'read'>,
): Promise<FileMethods['read']['result']> {
  if (call.descriptor(handle).kind === 'directory') fail('is-directory');
  const file = call.file(handle);
  if (!file.read) fail('bad-descriptor');
  const most = BigInt(call.limits.maxChunkBytes);
  const wanted = Number(length < most ? length : most);
  // A position of POSIX has a sign.
  if (offset >= 1n << 63n) fail('invalid');
  // No file is that long, and Node takes no larger number.
  if (offset > BigInt(Number.MAX_SAFE_INTEGER)) return { bytes: new Uint8Array(0), end: true };
  if (wanted === 0) return { bytes: new Uint8Array(0), end: false };
  // A buffer of its own: what is sent to the worker is sent with all of its memory.
  const bytes = new Uint8Array(wanted);
  const { bytesRead } = await file.held.handle.read(bytes, 0, wanted, Number(offset));
  return { bytes: bytesRead === wanted ? bytes : bytes.slice(0, bytesRead), end: bytesRead < wanted };
}

export async function write(call: FileCall, { handle, offset, bytes }: Args<'write'>): Promise<bigint> {
  const file = writableFile(call, handle);
  // Writing nothing does not make a file longer, wherever it is written.
  if (bytes.length === 0) return 0n;
  checkSize(call, offset + BigInt(bytes.length));
  await call.change(file.on, async (accounts) => {
    await checkGrowth(file.held, offset + BigInt(bytes.length), accounts);
    await writeAll(file.held, bytes, Number(offset)).finally(() => accounts?.measure(file.held));
  });
  return BigInt(bytes.length);
}

export async function append(call: FileCall, { handle, bytes }: Args<'append'>): Promise<bigint> {
  const file = writableFile(call, handle);
  await call.change(file.on, async (accounts) => {
    file.appending ??= await file.held.open(constants.O_WRONLY | constants.O_APPEND);
    const end = (await file.held.stat()).size + BigInt(bytes.length);
    checkSize(call, end);
    await checkGrowth(file.held, end, accounts);
    await writeAll(file.appending, bytes, null).finally(() => accounts?.measure(file.held));
  });
  return BigInt(bytes.length);
}

export async function setSize(call: FileCall, { handle, size }: Args<'set-size'>): Promise<void> {
  const file = writableFile(call, handle);
  checkSize(call, size);
  await call.change(file.on, async (accounts) => {
    await checkGrowth(file.held, size, accounts);
    await file.held.handle.truncate(Number(size)).finally(() => accounts?.measure(file.held));
  });
}

/** Nothing to do for what was not opened for writing: that is what WASI says. */
export async function sync(call: FileCall, { handle, dataOnly }: Args<'sync'>): Promise<void> {
  const thing = call.descriptor(handle);
  if (thing.kind !== 'file' || !thing.write) return;
  await (dataOnly ? thing.held.handle.datasync() : thing.held.handle.sync());
}

/** The mount is asked on every operation, not only when the file was opened. */
function writableFile(call: FileCall, handle: number): OpenedFile {
  const file = call.file(handle);
  call.writable(file);
  return file.write ? file : fail('bad-descriptor');
}

function checkSize(call: FileCall, size: bigint): void {
  if (size > BigInt(call.limits.maxFileBytes)) fail('file-too-large');
}

/** A file counts by its size, holes included. */
async function checkGrowth(file: HeldFile, size: bigint, accounts: Accounts | undefined): Promise<void> {
  if (accounts === undefined) return;
  const now = (await file.stat()).size;
  if (size > now) accounts.check({ bytes: size - now });
}

/** @param position where the first byte goes; null for the end of the file */
async function writeAll({ handle }: HeldFile, bytes: Uint8Array, position: number | null): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const at = position === null ? null : position + done;
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at);
    if (bytesWritten === 0) fail('io');
    done += bytesWritten;
  }
}
