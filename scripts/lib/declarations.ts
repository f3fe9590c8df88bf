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
const references = /^\/\/\/ <reference path="([^"]+)"/gm;
const ambientModules = /^declare module (['"])([^'"]+)\1/gm;
const comments = /\/\*[\s\S]*?\*\//g;

/**
 * Every declaration file that can be reached from the given ones, each once, in the order of reading. Modules that
 * one of them declares itself do not count as packages.
 * @throws Error when a relative import leads to no file
 */
export function reachDeclarations(entries: readonly string[]): readonly Declaration[] {
  const found = new Map<string, Declaration>();
  const declared = new Set<string>();
  const open = entries.map((entry) => path.resolve(entry));
  for (let file = open.shift(); file !== undefined; file = open.shift()) {
    if (found.has(file)) continue;
    const text = readFileSync(file, 'utf8');
    const code = text.replace(comments, '');
    const names = [...code.matchAll(specifiers)].map(([, , name]) => name ?? '');
    found.set(file, { file, text, packages: names.filter((name) => !name.startsWith('.')) });
    for (const [, , name = ''] of code.matchAll(ambientModules)) declared.add(name);
    const relative = names.filter((name) => name.startsWith('.'));
    const referenced = [...text.matchAll(references)].map(([, name = '']) => name);
    for (const name of [...relative, ...referenced]) {
      const target = path.resolve(path.dirname(file), name.replace(/(\.d)?\.(ts|js)$/, '.d.ts'));
      if (!existsSync(target)) throw new Error(`${file} imports ${name}, and there is no ${target}`);
      open.push(target);
    }
  }
  return [...found.values()].map((declaration) => ({
    ...declaration,
    packages: declaration.packages.filter((name) => !declared.has(name)),
  }));
}
