import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { isBundled, siblingModule } from '../model/sibling-module.ts';

export interface ConfinedProcessOptions {
  /** Path of the module below `src`, without its ending. */
  readonly module: string;
  readonly args?: readonly string[];
  /** Folders it may read beside its own code. It may write nowhere. */
  readonly readable?: readonly string[];
  readonly allowWorkers: boolean;
  /** JavaScript heap, MB. */
  readonly heapMb: number;
  readonly v8Flags?: readonly string[];
}

/**
 * Starts a process for work on a stranger's bytes: an empty environment, no arguments but ours, no standard input,
 * and Node's permission model, under which it can't write files, start processes or load native code. The
 * permission model is the second line: what the process is asked to do is the first.
 */
export function forkConfined({
  module,
  args = [],
  readable = [],
  allowWorkers,
  heapMb,
  v8Flags = [],
}: ConfinedProcessOptions): ChildProcess {
  const paths = [...codePaths(), ...readable];
  // On its way through a link to the file Node would look at folders that it may not read.
  return fork(realpathSync(fileURLToPath(siblingModule(module))), [...args], {
    env: {},
    execArgv: [
      '--permission',
      ...paths.map((path) => `--allow-fs-read=${path}`),
      ...(allowWorkers ? ['--allow-worker'] : []),
      `--max-old-space-size=${heapMb}`,
      ...capFlags,
      ...v8Flags,
      '--no-warnings',
    ],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
  });
}

/**
 * The second line behind what intake does to each module: V8's own caps on a table and a memory, and no native code
 * even where the permission model is off.
 */
const capFlags = ['--no-addons', '--wasm-max-table-size=100000', '--wasm-max-mem-pages=65536'] as const;

export interface MemoryWatch {
  readonly everyMs: number;
  /** Asked anew at every look. */
  readonly limitBytes: () => number;
  readonly onOver: () => void;
}

/**
 * Watches the memory of a process and calls back, once, when it takes more than it may. It covers what no limit
 * of V8 does: buffers outside of the heap and memory on its way to the guest. Works on Linux; elsewhere nothing
 * is watched.
 * @returns stops watching
 */
export function watchMemory(pid: number, { everyMs, limitBytes, onOver }: MemoryWatch): () => void {
  if (process.platform !== 'linux') return () => {};
  let isOver = false;
  const timer = setInterval(async () => {
    if ((await residentBytes(pid)) <= limitBytes() || isOver) return;
    isOver = true;
    clearInterval(timer);
    onOver();
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

const pageBytes = 4_096;

/** Resident set of a process (proc(5), statm); 0 when it is gone. */
async function residentBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => '');
  return Number(text.split(' ')[1] ?? 0) * pageBytes;
}

/** What Node must read to run our code: the bundle's folder, or in a checkout the sources and their packages. */
function codePaths(): readonly string[] {
  const src = siblingModule('index');
  const at = (place: string) => fileURLToPath(new URL(place, src));
  if (isBundled) return [realpathSync(at('.'))];
  const packages = ['../node_modules', '../../../node_modules'].map(at).filter((path) => existsSync(path));
  return [
    ...['.', '../package.json', '../../../package.json'].map(at),
    ...packages,
    ...packages.map((path) => realpathSync(path)),
  ];
}
