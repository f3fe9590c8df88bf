/**
 * Runs componentize-js in a process of its own, started by componentize.ts in an empty working folder, with an
 * environment that names nothing but a temporary folder. Reads job.json and the bundle; writes
 * component.wasm or failure.json. A child process, because componentize-js hands its stdout on to what it
 * starts, blocks while that runs, and keeps the paths of its temporary folder in the component.
 */
import childProcess, { type SpawnSyncOptions } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

export interface ComponentizeJob {
  readonly bundleName: string;
  readonly wit: string;
  readonly world: string;
  readonly disableFeatures: readonly ('stdio' | 'random' | 'clocks' | 'http' | 'fetch-event')[];
  readonly timeoutMs: number;
}

export interface ComponentizeFailure {
  readonly message: string;
  /** What the engine wrote while it evaluated the bundle. */
  readonly engineOutput: string;
  readonly timedOut: boolean;
}

const job = JSON.parse(await readFile('job.json', 'utf8')) as ComponentizeJob;
let engineOutput = '';
let timedOut = false;

// componentize-js gives what it starts neither a time limit nor pipes for all its output.
const { spawnSync } = childProcess;
childProcess.spawnSync = ((command: string, args: readonly string[], options: SpawnSyncOptions) => {
  const result = spawnSync(command, args, {
    ...options,
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: job.timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: 16 * 1024 * 1024,
  });
  engineOutput = `${result.stdout ?? ''}${result.stderr ?? ''}`;
  timedOut = (result.error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT';
  return result;
}) as typeof spawnSync;
syncBuiltinESMExports();

try {
  const { componentize } = await import('@bytecodealliance/componentize-js');
  const source = await readFile(job.bundleName, 'utf8');
  // The types of componentize-js know only the form that reads a WIT folder, which its WASI shim can't open.
  const run = componentize as unknown as (
    source: string,
    options: Readonly<Record<string, unknown>>,
  ) => Promise<{ readonly component: Uint8Array }>;
  const { component } = await run(source, {
    witWorld: job.wit,
    worldName: job.world,
    sourceName: job.bundleName,
    disableFeatures: job.disableFeatures,
  });
  await writeFile('component.wasm', component);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  await writeFile(
    'failure.json',
    JSON.stringify({ message, engineOutput, timedOut } satisfies ComponentizeFailure),
  );
}
