import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout these scripts belong to, absolute. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/**
 * @param {string} file
 * @returns {any}
 */
export function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/**
 * The workspaces that exist, from the patterns `name` and `name/*` of the root package.json.
 *
 * @param {string} [base]
 * @returns {{ name: string, dir: string, manifest: any }[]} `dir` is absolute
 */
export function listWorkspaces(base = root) {
  return readJson(path.join(base, 'package.json'))
    .workspaces.flatMap((/** @type {string} */ pattern) => {
      if (!pattern.endsWith('/*')) return [path.join(base, pattern)];
      const parent = path.join(base, pattern.slice(0, -2));
      if (!existsSync(parent)) return [];
      return readdirSync(parent).map((entry) => path.join(parent, entry));
    })
    .filter((/** @type {string} */ dir) => existsSync(path.join(dir, 'package.json')))
    .map((/** @type {string} */ dir) => {
      const manifest = readJson(path.join(dir, 'package.json'));
      return { name: manifest.name, dir, manifest };
    });
}
