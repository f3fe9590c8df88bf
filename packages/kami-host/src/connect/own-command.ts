import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { siblingModule } from '../model/sibling-module.ts';

/** How this very KAMI is started. Both absolute. */
export interface OwnCommand {
  readonly node: string;
  readonly bin: string;
}

/**
 * The Node that runs now, and the file of the `kami` command. Of several names of that file, it is the one by which it
 * was started: package managers keep that name when they put the next version elsewhere.
 */
export function ownCommand(): OwnCommand {
  const bin = fileURLToPath(new URL('../bin/kami.js', siblingModule('cli')));
  const started = process.argv[1];
  const isSame = started !== undefined && realPath(started) === realPath(bin);
  return { node: process.execPath, bin: isSame ? started : bin };
}

/** Whether two paths lead to the same file. One that leads nowhere is the same as none. */
export function isSameFile(one: string, other: string): boolean {
  const real = realPath(one);
  return real !== undefined && real === realPath(other);
}

/** What makes a path go away by itself, to follow "is in"; undefined when nothing is known to. */
export function passingPlace(path: string): string | undefined {
  const folders = dirname(path).split(/[\\/]/);
  if (folders.includes('_npx')) return "npx's cache";
  if (folders.some((name) => /^(dlx|bunx)-/.test(name))) return 'the folder of a command that was run once';
  if (folders.includes('fnm_multishells')) return 'a folder that fnm removes with the shell';
  const temporary = realPath(tmpdir());
  return temporary !== undefined && path.startsWith(`${temporary}${sep}`) ? 'a temporary folder' : undefined;
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
