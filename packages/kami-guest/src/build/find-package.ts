import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface FoundPackage {
  readonly dir: string;
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
}

/** The folders from `dir` up to the root. */
export function* ancestors(dir: string): Generator<string> {
  for (let at = dir; ; at = dirname(at)) {
    yield at;
    if (dirname(at) === at) return;
  }
}

/**
 * An installed package, as code in `fromDir` would find it. Read from the disk, because a package's `exports`
 * may hide its package.json, and because looking must not load it.
 */
export function findPackage(name: string, fromDir: string): FoundPackage | undefined {
  for (const at of ancestors(fromDir)) {
    const dir = join(at, 'node_modules', name);
    const file = join(dir, 'package.json');
    if (!existsSync(file)) continue;
    const { version, bin } = JSON.parse(readFileSync(file, 'utf8')) as {
      version: string;
      bin?: string | Record<string, string>;
    };
    return { dir, version, bin: typeof bin === 'string' ? { [name]: bin } : (bin ?? {}) };
  }
  return undefined;
}
