import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** One declaration file and what it imports. */
export interface Declaration {
  readonly file: string;
  readonly text: string;
  /** Names of packages, as written. */
  readonly packages: readonly string[];
}

const specifiers = /(?:\bfrom\s*|\bimport\s*\(?\s*)(['"])([^'"]+)\1/g;

/**
 * Every declaration file that can be reached from the given ones, each once, in the order of reading.
 * @throws Error when a relative import leads to no file
 */
export function reachDeclarations(entries: readonly string[]): readonly Declaration[] {
  const found = new Map<string, Declaration>();
  const open = entries.map((entry) => path.resolve(entry));
  for (let file = open.shift(); file !== undefined; file = open.shift()) {
    if (found.has(file)) continue;
    const text = readFileSync(file, 'utf8');
    const names = [...text.matchAll(specifiers)].map(([, , name]) => name ?? '');
    found.set(file, { file, text, packages: names.filter((name) => !name.startsWith('.')) });
    for (const name of names.filter((name) => name.startsWith('.'))) {
      const target = path.resolve(path.dirname(file), name.replace(/\.(ts|js)$/, '.d.ts'));
      if (!existsSync(target)) throw new Error(`${file} imports ${name}, and there is no ${target}`);
      open.push(target);
    }
  }
  return [...found.values()];
}
