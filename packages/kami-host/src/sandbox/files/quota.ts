import { opendir } from 'node:fs/promises';
import { errnoOf, fail } from './file-error.ts';
import type { FileQuota } from './file-grant.ts';
import type { Held } from './held.ts';

/**
 * What lies in one folder with a quota, kept exact within this process: every change of it goes through
 * `exclusive`. A process counts what others have written when it scans, and does not see what they write
 * after that: n processes at once may together exceed a quota by what n - 1 of them write between two scans.
 */
export class Ledger {
  readonly #bytes = new Map<string, bigint>();
  #total = 0n;
  #entries = 0;
  #tail: Promise<unknown> = Promise.resolve();
  #scannedAt: number | undefined;
  /** Descriptors that are open on a file, by its identity. */
  readonly #open = new Map<string, number>();
  /** Files without a name that are still open, and still take up room. */
  readonly #orphans = new Set<string>();

  /** Does something to the folder while nothing else in this process does. */
  async exclusive<T>(root: Held, work: () => Promise<T>): Promise<T> {
    const run = this.#tail.then(async () => {
      if (this.#scannedAt === undefined || this.#isStale()) await this.#scan(root);
      return await work();
    });
    this.#tail = run.catch(() => undefined);
    return run;
  }

  /** @throws HostCallError `quota` */
  check(quota: FileQuota, growth: { readonly bytes?: bigint; readonly entries?: number }): void {
    const { bytes = 0n, entries = 0 } = growth;
    if (bytes > 0n && this.#total + bytes > BigInt(quota.bytes)) fail('quota');
    if (entries > 0 && this.#entries + entries > quota.entries) fail('quota');
  }

  addEntries(count: number): void {
    this.#entries += count;
  }

  /** Notes the size that a file has now. */
  async measure(file: Held): Promise<void> {
    const { size, ...stats } = await file.stat();
    this.#set(keyOf(stats), size);
  }

  opened(key: string): void {
    this.#open.set(key, (this.#open.get(key) ?? 0) + 1);
  }

  closed(key: string): void {
    const left = (this.#open.get(key) ?? 1) - 1;
    if (left > 0) {
      this.#open.set(key, left);
      return;
    }
    this.#open.delete(key);
    if (this.#orphans.delete(key)) this.#set(key, 0n);
  }

  /** An entry is gone; its file takes up room until its last name and its last descriptor are. */
  removed(entry: Pick<EntryFacts, 'key' | 'lastName'>): void {
    this.#entries -= 1;
    if (!entry.lastName) return;
    if (this.#open.has(entry.key)) this.#orphans.add(entry.key);
    else this.#set(entry.key, 0n);
  }

  #set(key: string, size: bigint): void {
    this.#total += size - (this.#bytes.get(key) ?? 0n);
    if (size === 0n) this.#bytes.delete(key);
    else this.#bytes.set(key, size);
  }

  #isStale(): boolean {
    return this.#open.size === 0 && performance.now() - (this.#scannedAt ?? 0) > rescanAfterMs;
  }

  async #scan(root: Held): Promise<void> {
    this.#bytes.clear();
    this.#orphans.clear();
    this.#total = 0n;
    this.#entries = 0;
    await eachBeneath(root, async ({ entry }) => {
      this.#entries += 1;
      if (entry.type === 'regular-file') await this.measure(entry);
    });
    this.#scannedAt = performance.now();
  }
}

const rescanAfterMs = 30_000;

export interface EntryFacts {
  readonly key: string;
  readonly size: bigint;
  readonly lastName: boolean;
}

export async function entryFacts(entry: Held): Promise<EntryFacts> {
  const stats = await entry.stat();
  const isFile = entry.type === 'regular-file';
  return { key: keyOf(stats), size: isFile ? stats.size : 0n, lastName: !isFile || stats.nlink <= 1n };
}

function keyOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`;
}

/** Entries that are looked at beneath one folder, at most: a folder of the operator's may hold any number. */
const mostScanned = 1_000_000;

/** Something that lies beneath a folder. */
export interface Beneath {
  readonly entry: Held;
  readonly dir: Held;
  readonly name: string;
  /** Length of the path from the folder to it. */
  readonly pathBytes: number;
  /** Folders between. */
  readonly depth: number;
}

/** Goes through all that lies beneath a folder, links as themselves. */
export async function eachBeneath(root: Held, visit: (found: Beneath) => Promise<void>): Promise<void> {
  let left = mostScanned;
  const go = async (dir: Held, dirBytes: number, depth: number): Promise<void> => {
    for (const name of await namesIn(dir)) {
      left -= 1;
      if (left < 0) fail('quota');
      const entry = await lookup(dir, name);
      if (entry === undefined) continue;
      try {
        const pathBytes = dirBytes + Buffer.byteLength(name) + 1;
        await visit({ entry, dir, name, pathBytes, depth });
        if (entry.type === 'directory') await go(entry, pathBytes, depth + 1);
      } finally {
        await entry.release();
      }
    }
  };
  await go(root, 0, 0);
}

async function namesIn(dir: Held): Promise<readonly string[]> {
  return dir.self(async (path) => {
    const names: string[] = [];
    for await (const entry of await opendir(path, { bufferSize: 256 })) names.push(entry.name);
    return names;
  });
}

/** What was there when the folder was read and is gone now is nothing to count. */
async function lookup(dir: Held, name: string): Promise<Held | undefined> {
  try {
    return await dir.lookup(name);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The ledgers of this process, one a folder, however many calls and grants lead to it. */
export class LedgerBook {
  readonly #ledgers = new Map<string, Ledger>();

  async of(root: Held): Promise<Ledger> {
    const stats = await root.stat();
    // A folder that was removed and made anew may get the old one's number.
    const key = `${keyOf(stats)}:${stats.birthtimeNs}`;
    const known = this.#ledgers.get(key) ?? new Ledger();
    this.#ledgers.set(key, known);
    return known;
  }
}
