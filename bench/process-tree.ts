import { readdirSync, readFileSync } from 'node:fs';

/** What a tree of processes holds, in bytes. */
export interface TreeMemory {
  readonly processes: number;
  /** Resident pages of each process; pages that processes share count for each of them. */
  readonly rss: number;
  /** Proportional: a shared page is divided among those that share it. */
  readonly pss: number;
}

/** A process and all that descend from it. Linux only: empty elsewhere, and when it has ended. */
export function processTree(pid: number): readonly number[] {
  return [pid, ...childrenOf(pid).flatMap(processTree)].filter(isAlive);
}

export function treeMemory(pid: number): TreeMemory {
  const each = processTree(pid).map(memoryOf);
  const sum = (key: 'rss' | 'pss') => each.reduce((total, one) => total + one[key], 0);
  return { processes: each.length, rss: sum('rss'), pss: sum('pss') };
}

/** Ends a tree at once; processes that have ended already are no error. */
export function killTree(pid: number): void {
  for (const one of processTree(pid)) {
    try {
      process.kill(one, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
}

function childrenOf(pid: number): number[] {
  // A child belongs to the thread that started it.
  return list(`/proc/${pid}/task`).flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  );
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function memoryOf(pid: number): { rss: number; pss: number } {
  const text = read(`/proc/${pid}/smaps_rollup`);
  const bytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1_024;
  return { rss: bytes('Rss'), pss: bytes('Pss') };
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
