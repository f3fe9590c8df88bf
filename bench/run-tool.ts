import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { atEnd } from './cleanup.ts';
import { killTree } from './process-tree.ts';

export interface RunToolOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a command to its end and hands back what it wrote to stdout; its output is shown only when it fails.
 * @throws Error with all of the output when it ends with another code than 0
 */
export async function runTool(
  [file, ...args]: readonly [string, ...string[]],
  { cwd, env }: RunToolOptions,
): Promise<string> {
  const child = spawn(file, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const forget = atEnd(() => {
    if (child.pid !== undefined) killTree(child.pid);
  });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  forget();
  if (code === 0) return Buffer.concat(stdout).toString('utf8');
  throw new Error(`${[file, ...args].join(' ')} failed:\n${Buffer.concat([...stdout, ...stderr])}`);
}
