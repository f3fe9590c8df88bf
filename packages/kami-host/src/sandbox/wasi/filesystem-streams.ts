import type { ErrorCode } from '@bytecodealliance/preview2-shim/interfaces/wasi-filesystem-types';
import type { StreamError } from '@bytecodealliance/preview2-shim/interfaces/wasi-io-streams';
import { FileStreamError, type FilesClient } from './filesystem-client.ts';
import { closed, InputStream, OutputStream, requirePermit, streamChunkBytes } from './io.ts';

/** A handle of the host that a descriptor and its streams share; the last one to be dropped closes it. */
export class SharedHandle {
  readonly files: FilesClient;
  readonly handle: number;
  #users = 1;

  constructor(files: FilesClient, handle: number) {
    this.files = files;
    this.handle = handle;
  }

  share(): this {
    this.#users += 1;
    return this;
  }

  drop(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    try {
      this.files.call('close', { handle: this.handle });
    } catch {
      // Closing has no result in WASI, and the host closes all that is left at the end of the call.
    }
  }
}

/** Turns an `ErrorCode` that was thrown into what a stream throws. */
function streamError(error: unknown): unknown {
  if (typeof error !== 'string') return error;
  return {
    tag: 'last-operation-failed',
    val: new FileStreamError(error as ErrorCode),
  } satisfies StreamError;
}

/** Reads a file from an offset on. Files are always ready, so reading and blocking reading are the same. */
export class FileInputStream extends InputStream {
  readonly #shared: SharedHandle;
  #offset: bigint;
  #open = true;

  constructor(shared: SharedHandle, offset: bigint) {
    super(shared.files.handles);
    this.#shared = shared.share();
    this.#offset = offset;
  }

  override read(length: bigint): Uint8Array {
    if (!this.#open) throw closed;
    if (length === 0n) return new Uint8Array(0);
    const { files, handle } = this.#shared;
    const most = BigInt(streamChunkBytes);
    try {
      const { bytes } = files.call('read', {
        handle,
        offset: this.#offset,
        length: length < most ? length : most,
      });
      this.#offset += BigInt(bytes.length);
      if (bytes.length > 0) return bytes;
    } catch (error) {
      this.#open = false;
      throw streamError(error);
    }
    this.#open = false;
    throw closed;
  }

  override blockingRead(length: bigint): Uint8Array {
    return this.read(length);
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    this.#open = false;
    this.#shared.drop();
  }
}

/** Writes to a file: from an offset on, or at its end, wherever that is by then. */
export class FileOutputStream extends OutputStream {
  readonly #shared: SharedHandle;
  #offset: bigint | 'end';
  #open = true;

  constructor(shared: SharedHandle, offset: bigint | 'end') {
    super(shared.files.handles, () => {});
    this.#shared = shared.share();
    this.#offset = offset;
  }

  override checkWrite(): bigint {
    if (!this.#open) throw closed;
    return super.checkWrite();
  }

  override write(contents: Uint8Array): void {
    if (!this.#open) throw closed;
    requirePermit(contents.length);
    if (contents.length === 0) return;
    const { files, handle } = this.#shared;
    const bytes = ownBytes(contents);
    try {
      if (this.#offset === 'end') files.call('append', { handle, bytes });
      else this.#offset += files.call('write', { handle, offset: this.#offset, bytes });
    } catch (error) {
      this.#open = false;
      throw streamError(error);
    }
  }

  override flush(): void {
    if (!this.#open) throw closed;
  }

  override blockingFlush(): void {
    this.flush();
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    this.#open = false;
    this.#shared.drop();
  }
}

/** A view is sent with all of the memory it is a view of; so these are bytes on their own. */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}
