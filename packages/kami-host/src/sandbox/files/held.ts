import type { BigIntStats, Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { DescriptorType } from '@bytecodealliance/preview2-shim/interfaces/wasi-filesystem-types';

/**
 * An object of the host's file system: a folder, a file, a link or something else. As long as it is held it is
 * the same object, whatever becomes of the names that led to it. Who holds it, releases it.
 */
export interface Held {
  readonly type: DescriptorType;
  /** Attributes of the object itself; of a link, not of what it leads to. */
  stat(): Promise<BigIntStats>;
  /**
   * The entry of a folder with this name, itself, even if it is a link, without opening it: a fifo does not
   * block and a device notices nothing.
   * @param expected a hint that saves a system call when it is right
   */
  lookup(name: string, expected?: 'directory'): Promise<Held>;
  /**
   * Does something with an entry of a folder by a path that leads through this very folder. `work` must not
   * follow a link in the last place of the path.
   */
  at<T>(name: string, work: (path: string) => Promise<T>): Promise<T>;
  /** Does something by a path that leads to this very object. */
  self<T>(work: (path: string) => Promise<T>): Promise<T>;
  /** Opens this regular file, flags as of open(2). */
  open(flags: number): Promise<HeldFile>;
  /** Makes a new regular file in this folder; `EEXIST` when anything has that name. */
  create(name: string, flags: number): Promise<HeldFile>;
  /** The same object held once more. */
  duplicate(): Promise<Held>;
  /** Where the object is now, an absolute path of the host. For measures and refusals, never to open anything by. */
  position(): Promise<string>;
  release(): Promise<void>;
}

/** A regular file that is open for reading or writing; releasing it closes it. */
export interface HeldFile extends Held {
  readonly handle: FileHandle;
}

/** How a platform reaches the file system; see `linux-held.ts` and `portable-held.ts`. */
export type HoldRoot = (hostPath: string) => Promise<Held>;

export function descriptorType(
  stats: Pick<
    Stats | BigIntStats,
    | 'isFile'
    | 'isDirectory'
    | 'isSymbolicLink'
    | 'isFIFO'
    | 'isSocket'
    | 'isCharacterDevice'
    | 'isBlockDevice'
  >,
): DescriptorType {
  if (stats.isFile()) return 'regular-file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symbolic-link';
  if (stats.isFIFO()) return 'fifo';
  if (stats.isSocket()) return 'socket';
  if (stats.isCharacterDevice()) return 'character-device';
  return stats.isBlockDevice() ? 'block-device' : 'unknown';
}

/** Whether two objects are one and the same. */
export async function isSame(a: Held, b: Held): Promise<boolean> {
  const [left, right] = [await a.stat(), await b.stat()];
  return left.dev === right.dev && left.ino === right.ino;
}
