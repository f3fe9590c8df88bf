import type * as Types from '@bytecodealliance/preview2-shim/interfaces/wasi-filesystem-types';
import type { At, ListedEntry, OpenArgs } from '../files/file-methods.ts';
import type { FilesClient } from './filesystem-client.ts';
import { FileInputStream, FileOutputStream, ownBytes, SharedHandle } from './filesystem-streams.ts';
import { CountedHandle } from './handles.ts';
import { type InputStream, type OutputStream, streamChunkBytes } from './io.ts';

const badDescriptor: Types.ErrorCode = 'bad-descriptor';
/** WASI counts in 64 bits. */
const u64Limit = 1n << 64n;

/** A folder or file that the host has opened for the guest. What it may do is checked there, on every request. */
export class Descriptor extends CountedHandle implements Types.Descriptor {
  readonly #shared: SharedHandle;
  readonly #type: Types.DescriptorType;
  readonly #flags: Types.DescriptorFlags;

  constructor(files: FilesClient, handle: number, type: Types.DescriptorType, flags: Types.DescriptorFlags) {
    super(files.handles);
    this.#shared = new SharedHandle(files, handle);
    this.#type = type;
    this.#flags = flags;
  }

  readViaStream(offset: bigint): InputStream {
    if (this.#type === 'directory') throw 'is-directory' satisfies Types.ErrorCode;
    if (!this.#flags.read) throw badDescriptor;
    return new FileInputStream(this.#shared, offset);
  }

  writeViaStream(offset: bigint): OutputStream {
    this.#requireWrite();
    return new FileOutputStream(this.#shared, offset);
  }

  appendViaStream(): OutputStream {
    this.#requireWrite();
    return new FileOutputStream(this.#shared, 'end');
  }

  advise(offset: bigint, length: bigint, _advice: Types.Advice): void {
    if (this.#type === 'directory') throw badDescriptor;
    if (offset + length >= u64Limit) throw 'invalid' satisfies Types.ErrorCode;
  }

  syncData(): void {
    this.#files.call('sync', { handle: this.#handle, dataOnly: true });
  }

  sync(): void {
    this.#files.call('sync', { handle: this.#handle, dataOnly: false });
  }

  getFlags(): Types.DescriptorFlags {
    return this.#flags;
  }

  getType(): Types.DescriptorType {
    return this.#type;
  }

  setSize(size: bigint): void {
    this.#files.call('set-size', { handle: this.#handle, size });
  }

  setTimes(access: Types.NewTimestamp, modification: Types.NewTimestamp): void {
    this.#files.call('set-times', { handle: this.#handle, access, modification });
  }

  read(length: bigint, offset: bigint): [Uint8Array, boolean] {
    const most = BigInt(streamChunkBytes);
    const { bytes, end } = this.#files.call('read', {
      handle: this.#handle,
      offset,
      length: length < most ? length : most,
    });
    return [bytes, end];
  }

  /** Takes as much as goes in one request; the guest writes the rest with the next. */
  write(buffer: Uint8Array, offset: bigint): bigint {
    const bytes = ownBytes(buffer.subarray(0, streamChunkBytes));
    return this.#files.call('write', { handle: this.#handle, offset, bytes });
  }

  readDirectory(): DirectoryEntryStream {
    return new DirectoryEntryStream(
      this.#files,
      this.#files.call('read-directory', { handle: this.#handle }),
    );
  }

  createDirectoryAt(path: string): void {
    this.#files.call('create-directory', this.#at(path));
  }

  stat(): Types.DescriptorStat {
    return this.#files.call('stat', { handle: this.#handle });
  }

  statAt(flags: Types.PathFlags, path: string): Types.DescriptorStat {
    return this.#files.call('stat-at', { ...this.#at(path), follow: follows(flags) });
  }

  setTimesAt(
    flags: Types.PathFlags,
    path: string,
    access: Types.NewTimestamp,
    modification: Types.NewTimestamp,
  ): void {
    const at = { ...this.#at(path), follow: follows(flags) };
    this.#files.call('set-times-at', { ...at, access, modification });
  }

  linkAt(flags: Types.PathFlags, oldPath: string, newDescriptor: Types.Descriptor, newPath: string): void {
    const at = { ...this.#at(oldPath), follow: follows(flags) };
    this.#files.call('link', { ...at, to: own(newDescriptor).#at(newPath) });
  }

  openAt(
    pathFlags: Types.PathFlags,
    path: string,
    open: Types.OpenFlags,
    flags: Types.DescriptorFlags,
  ): Descriptor {
    // What is opened for nothing is opened for reading.
    const read = flags.read === true || flags.write !== true;
    const { handle, type, mutable } = this.#files.call('open', {
      ...this.#at(path),
      follow: follows(pathFlags),
      create: open.create === true,
      directory: open.directory === true,
      exclusive: open.exclusive === true,
      truncate: open.truncate === true,
      read,
      write: flags.write === true,
      mutateDirectory: flags.mutateDirectory === true,
      sync: syncOf(flags),
    });
    const given =
      type === 'directory'
        ? directoryFlags(mutable && flags.mutateDirectory === true)
        : { ...flags, read, mutateDirectory: false };
    return new Descriptor(this.#files, handle, type, given);
  }

  readlinkAt(path: string): string {
    return this.#files.call('readlink', this.#at(path));
  }

  removeDirectoryAt(path: string): void {
    this.#files.call('remove-directory', this.#at(path));
  }

  renameAt(oldPath: string, newDescriptor: Types.Descriptor, newPath: string): void {
    this.#files.call('rename', { ...this.#at(oldPath), to: own(newDescriptor).#at(newPath) });
  }

  symlinkAt(oldPath: string, newPath: string): void {
    this.#files.call('symlink', { ...this.#at(newPath), target: oldPath });
  }

  unlinkFileAt(path: string): void {
    this.#files.call('unlink-file', this.#at(path));
  }

  isSameObject(other: Types.Descriptor): boolean {
    return this.#files.call('is-same-object', { handle: this.#handle, other: own(other).#handle });
  }

  metadataHash(): Types.MetadataHashValue {
    return this.#files.call('metadata-hash', { handle: this.#handle });
  }

  metadataHashAt(flags: Types.PathFlags, path: string): Types.MetadataHashValue {
    return this.#files.call('metadata-hash-at', { ...this.#at(path), follow: follows(flags) });
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    this.#shared.drop();
  }

  get #files(): FilesClient {
    return this.#shared.files;
  }

  get #handle(): number {
    return this.#shared.handle;
  }

  #at(path: string): At {
    return { handle: this.#handle, path };
  }

  #requireWrite(): void {
    if (this.#type === 'directory' || !this.#flags.write) throw badDescriptor;
  }
}

/** The entries of a folder, fetched some at a time. */
export class DirectoryEntryStream extends CountedHandle implements Types.DirectoryEntryStream {
  readonly #files: FilesClient;
  readonly #handle: number;
  #entries: readonly ListedEntry[] = [];
  #next = 0;

  constructor(files: FilesClient, handle: number) {
    super(files.handles);
    this.#files = files;
    this.#handle = handle;
  }

  readDirectoryEntry(): Types.DirectoryEntry | undefined {
    if (this.#next === this.#entries.length) {
      this.#entries = this.#files.call('next-entries', { handle: this.#handle });
      this.#next = 0;
    }
    const entry = this.#entries[this.#next];
    if (entry === undefined) return undefined;
    this.#next += 1;
    if (entry.name === undefined) throw 'illegal-byte-sequence' satisfies Types.ErrorCode;
    return { type: entry.type, name: entry.name };
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    new SharedHandle(this.#files, this.#handle).drop();
  }
}

export function directoryFlags(mutable: boolean): Types.DescriptorFlags {
  return { read: true, mutateDirectory: mutable };
}

function follows({ symlinkFollow }: Types.PathFlags): boolean {
  return symlinkFollow === true;
}

function syncOf({ fileIntegritySync, dataIntegritySync }: Types.DescriptorFlags): OpenArgs['sync'] {
  if (fileIntegritySync === true) return 'file';
  return dataIntegritySync === true ? 'data' : 'none';
}

/** The glue hands over what it was given: a descriptor of ours. */
function own(descriptor: Types.Descriptor): Descriptor {
  if (!(descriptor instanceof Descriptor)) throw badDescriptor;
  return descriptor;
}
