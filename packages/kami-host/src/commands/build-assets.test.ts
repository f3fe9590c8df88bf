import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readAssetTree } from '../registry/asset-tree.ts';
import { copyAssets } from './build-assets.ts';

let folder: string;
let dist: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kami-build-assets-'));
  dist = join(folder, 'dist');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

const copy = () => copyAssets(readAssetTree(join(folder, 'assets')), dist);

it('copies exactly: what is no longer there goes, and what else is in dist stays', async () => {
  write({ 'assets/a/b.txt': 'B', 'assets/c.txt': 'C', 'dist/tool.toml': '' });
  expect(await copy()).toBe(true);
  expect(readAssetTree(join(dist, 'assets'))).toEqual(readAssetTree(join(folder, 'assets')));
  rmSync(join(folder, 'assets', 'a'), { recursive: true });
  write({ 'assets/c.txt': 'changed' });
  expect(await copy()).toBe(true);
  expect(readdirSync(join(dist, 'assets'))).toEqual(['c.txt']);
  expect(readFileSync(join(dist, 'assets', 'c.txt'), 'utf8')).toBe('changed');
  rmSync(join(folder, 'assets'), { recursive: true });
  expect(await copy()).toBe(true);
  expect(readdirSync(dist)).toEqual(['tool.toml']);
});

it('does nothing when nothing has changed', async () => {
  write({ 'assets/a': 'A' });
  await copy();
  const { ino } = statSync(join(dist, 'assets'));
  expect(await copy()).toBe(false);
  expect(statSync(join(dist, 'assets')).ino).toBe(ino);
  rmSync(folder, { recursive: true });
  expect(await copy()).toBe(false);
  expect(existsSync(dist)).toBe(false);
});

it('replaces whatever lies in its place, and follows no link there', async () => {
  write({ 'assets/a': 'A', 'outside/precious': 'untouched', 'dist/tool.toml': '' });
  symlinkSync(join(folder, 'outside'), join(dist, 'assets'));
  expect(await copy()).toBe(true);
  expect(readdirSync(join(dist, 'assets'))).toEqual(['a']);
  rmSync(join(dist, 'assets'), { recursive: true });
  writeFileSync(join(dist, 'assets'), 'a file');
  expect(await copy()).toBe(true);
  symlinkSync(join(folder, 'outside', 'precious'), join(dist, 'assets', 'link'));
  expect(await copy()).toBe(true);
  expect(readFileSync(join(folder, 'outside', 'precious'), 'utf8')).toBe('untouched');
  expect(readdirSync(dist).toSorted()).toEqual(['assets', 'tool.toml']);
});
