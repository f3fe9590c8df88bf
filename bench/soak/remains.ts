import { readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processTree, treeMemory } from '../process-tree.ts';
import type { SoakServer } from './clients.ts';
import type { Tally } from './tally.ts';
import type { World } from './world.ts';

/** What a server holds while nothing is asked of it. */
export interface Held {
  readonly server: string;
  readonly megabytes: number;
  readonly descriptors: number;
  readonly processes: number;
}

/** How many times as much as after the warm-up. */
const bounds = { megabytes: 1.5, descriptors: 1.25, processes: 1.25 } as const;
/** What a burst made is kept for a while. */
const restMs = 90_000;

export function heldBy({ name, pid }: SoakServer): Held {
  const { pss, processes } = treeMemory(pid);
  const descriptors = processTree(pid).reduce((sum, one) => sum + namesIn(`/proc/${one}/fd`).length, 0);
  return { server: name, megabytes: Math.round(pss / 1e6), descriptors, processes };
}

/** Waits until a server holds no more than before, within bounds, and gives what it holds then. */
export async function settled(server: SoakServer, before: Held, tally: Tally): Promise<Held> {
  const until = performance.now() + restMs;
  for (;;) {
    const now = heldBy(server);
    const over = (Object.keys(bounds) as (keyof typeof bounds)[]).filter(
      (what) => now[what] > before[what] * bounds[what],
    );
    if (over.length === 0) return now;
    if (performance.now() > until) {
      for (const what of over) {
        tally.violate(`${server.name}: ${what} went from ${before[what]} to ${now[what]} and stayed there`);
      }
      return now;
    }
    await sleep(1_000);
  }
}

/** Files of the data folder; not the cache, which has bounds of its own, nor what SQLite writes while it is open. */
export function keptFiles({ dataDir }: World): readonly string[] {
  return readdirSync(dataDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.relative(dataDir, path.join(parentPath, name)))
    .filter((file) => !file.startsWith('cache') && !/-(wal|shm)$/.test(file))
    .sort();
}

/** After the servers have ended: no file that was not there before, nothing in the folder for temporary files. */
export function checkFiles(world: World, before: readonly string[], tally: Tally): void {
  for (const file of keptFiles(world)) {
    if (!before.includes(file)) tally.violate(`left over in the data folder: ${file}`);
  }
  for (const file of namesIn(world.tempDir)) tally.violate(`left over among temporary files: ${file}`);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
