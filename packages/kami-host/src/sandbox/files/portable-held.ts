import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail } from './file-error.ts';
import { descriptorType, type Held, type HeldFile } from './held.ts';

const { O_CREAT, O_EXCL } = constants;
/** Not on every platform. */
const O_NOFOLLOW = constants.O_NOFOLLOW ?? 0;
const O_NONBLOCK = constants.O_NONBLOCK ?? 0;
const newFileMode = 0o666;

/** The number alone is not enough: file systems give that of a removed folder to the next link. */
interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly type: Held['type'];
  readonly birthtimeNs: bigint;
}

function identityOf(stats: BigIntStats): Identity {
  const { dev, ino, birthtimeNs } = stats;
  return { dev, ino, birthtimeNs, type: descriptorType(stats) };
}

/**
 * For platforms where Node can't go from a descriptor. An object is a path and an identity; both are checked
 * before and after everything that is done by the path, and a file that was opened is compared with the one
 * that was looked up before a byte is read.
 *
 * What remains: another process that swaps a folder for a link between the first check and the operation, and
 * swaps it back before the second. Reading needs three such windows in a row. A change (create, remove, rename)
 * needs one, is noticed afterwards and reported as an error, but is done by then. A guest alone can't do it: its
 * requests are performed one after another.
 */
class PortableHeld implements Held {
  readonly type: Held['type'];
  readonly handle: FileHandle | undefined;
  readonly #path: string;
  readonly #identity: Identity;

  constructor(path: string, stats: BigIntStats, handle?: FileHandle) {
    this.#path = path;
    this.#identity = identityOf(stats);
    this.type = this.#identity.type;
    this.handle = handle;
  }

  stat(): Promise<BigIntStats> {
    return this.handle?.stat({ bigint: true }) ?? this.self((path) => lstat(path, { bigint: true }));
  }

  lookup(name: string): Promise<Held> {
    return this.at(name, async (path) => new PortableHeld(path, await lstat(path, { bigint: true })));
  }

  at<T>(name: string, work: (path: string) => Promise<T>): Promise<T> {
    return this.self(() => work(join(this.#path, name)));
  }

  async self<T>(work: (path: string) => Promise<T>): Promise<T> {
    await this.#verify();
    const result = await work(this.#path);
    try {
      await this.#verify();
    } catch (error) {
      await discard(result);
      throw error;
    }
    return result;
  }

  open(flags: number): Promise<HeldFile> {
    return this.self((path) => this.#opened(path, flags | O_NOFOLLOW | O_NONBLOCK));
  }

  create(name: string, flags: number): Promise<HeldFile> {
    return this.at(name, async (path) => {
      const handle = await open(path, flags | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK, newFileMode);
      return heldFile(path, handle);
    });
  }

  async #opened(path: string, flags: number): Promise<HeldFile> {
    const file = await heldFile(path, await open(path, flags));
    if (!same(identityOf(await file.handle.stat({ bigint: true })), this.#identity)) {
      await file.release();
      fail('no-entry');
    }
    return file;
  }

  async duplicate(): Promise<Held> {
    return new PortableHeld(this.#path, await this.stat());
  }

  async position(): Promise<string> {
    return this.#path;
  }

  async release(): Promise<void> {
    await this.handle?.close();
  }

  /** A folder that was replaced, whatever by, is gone. */
  async #verify(): Promise<void> {
    const parent = dirname(this.#path);
    if ((await realpath(parent)) !== parent) fail('no-entry');
    if (!same(identityOf(await lstat(this.#path, { bigint: true })), this.#identity)) fail('no-entry');
  }
}

function same(a: Identity, b: Identity): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.type === b.type && a.birthtimeNs === b.birthtimeNs;
}

async function heldFile(path: string, handle: FileHandle): Promise<HeldFile> {
  try {
    return new PortableHeld(path, await handle.stat({ bigint: true }), handle) as PortableHeld & HeldFile;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function discard(result: unknown): Promise<void> {
  if (result instanceof PortableHeld) await result.release();
}

export async function holdPortableRoot(hostPath: string): Promise<Held> {
  const path = await realpath(hostPath);
  const stats = await lstat(path, { bigint: true });
  if (!stats.isDirectory()) fail('not-directory');
  return new PortableHeld(path, stats);
}
