import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open, readlink, stat } from 'node:fs/promises';
import { errnoOf, fail } from './file-error.ts';
import { descriptorType, type Held, type HeldFile } from './held.ts';

/** Node does not name it; the value is that of every Linux architecture that Node runs on. */
const oPath = 0o10000000;
const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;
const newFileMode = 0o666;

/**
 * Race-free on Linux: every object is a descriptor, and `/proc/self/fd/N/name` is openat(2) without an addon: the
 * kernel goes from the descriptor, not from a path that may have changed. O_PATH reaches anything without
 * opening it, and a file is then opened through its own descriptor, so that what was looked at is what is opened.
 */
class LinuxHeld implements HeldFile {
  readonly handle: FileHandle;
  readonly type: Held['type'];

  constructor(handle: FileHandle, type: Held['type']) {
    this.handle = handle;
    this.type = type;
  }

  get #path(): string {
    return `/proc/self/fd/${this.handle.fd}`;
  }

  stat(): Promise<BigIntStats> {
    return this.handle.stat({ bigint: true });
  }

  async lookup(name: string, expected?: 'directory'): Promise<Held> {
    const path = `${this.#path}/${name}`;
    if (expected === 'directory') {
      try {
        return new LinuxHeld(await open(path, oPath | O_NOFOLLOW | O_DIRECTORY), 'directory');
      } catch (error) {
        if (errnoOf(error) !== 'ENOTDIR') throw error;
      }
    }
    return hold(path, O_NOFOLLOW);
  }

  at<T>(name: string, work: (path: string) => Promise<T>): Promise<T> {
    return work(`${this.#path}/${name}`);
  }

  self<T>(work: (path: string) => Promise<T>): Promise<T> {
    return work(this.#path);
  }

  async open(flags: number): Promise<HeldFile> {
    return new LinuxHeld(await open(this.#path, flags | O_NONBLOCK), 'regular-file');
  }

  async create(name: string, flags: number): Promise<HeldFile> {
    const created = O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK;
    return new LinuxHeld(await open(`${this.#path}/${name}`, flags | created, newFileMode), 'regular-file');
  }

  async duplicate(): Promise<Held> {
    return new LinuxHeld(await open(this.#path, oPath), this.type);
  }

  position(): Promise<string> {
    return readlink(this.#path);
  }

  release(): Promise<void> {
    return this.handle.close();
  }
}

async function hold(path: string, flags: number): Promise<LinuxHeld> {
  const handle = await open(path, oPath | flags);
  try {
    return new LinuxHeld(handle, descriptorType(await handle.stat({ bigint: true })));
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Without /proc there is no safe way to open anything, so nothing is opened: `unsupported`. */
export async function holdLinuxRoot(hostPath: string): Promise<Held> {
  const root = await hold(hostPath, O_DIRECTORY);
  try {
    const [held, seen] = [
      await root.stat(),
      await root.self((path) => stat(path, { bigint: true })).catch(() => undefined),
    ];
    if (held.dev !== seen?.dev || held.ino !== seen.ino) fail('unsupported', '/proc is not mounted');
    return root;
  } catch (error) {
    await root.release();
    throw error;
  }
}
