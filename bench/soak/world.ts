import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { atEnd } from '../cleanup.ts';
import { kamiCommand, rootDir, toolsDir } from '../places.ts';
import { runTool } from '../run-tool.ts';

/** The folders that all processes of a soak share, and the `kami` command in them. */
export interface World {
  readonly dataDir: string;
  /** TMPDIR of all of them, so that it is seen what they leave there. */
  readonly tempDir: string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs `kami` in a process of its own. @throws Error with its output when it fails */
  readonly kami: (...args: readonly string[]) => Promise<string>;
}

/** Source folders of the tools, by the last part of their ids. */
export const tools = {
  echo: path.join(toolsDir, 'echo'),
  fetch: path.join(toolsDir, 'fetch'),
  fib: path.join(toolsDir, 'fib'),
  transform: path.join(toolsDir, 'transform'),
  asking: path.join(rootDir, 'packages/kami-host/test/fixtures/guests/asking'),
} as const;

export function createWorld(): World {
  const parent = mkdtempSync(path.join(tmpdir(), 'kami-soak-'));
  atEnd(() => rmSync(parent, { recursive: true, force: true }));
  const [dataDir, tempDir] = [path.join(parent, 'data'), path.join(parent, 'temp')];
  for (const folder of [dataDir, tempDir]) mkdirSync(folder);
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: dataDir,
    TMPDIR: tempDir,
    KAMI_DATA_DIR: dataDir,
    // A soak calls more in a minute than a tool may by default.
    KAMI_RUNTIME_CALLS_PER_MINUTE: '1000000',
    KAMI_RUNTIME_DEFAULT_CALLS_PER_MINUTE: '100000',
  };
  const kami = (...args: readonly string[]) =>
    runTool([process.execPath, kamiCommand, ...args], { cwd: dataDir, env });
  return { dataDir, tempDir, env, kami };
}
