import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Sha256 } from '../model/ids.ts';
import { type ArtifactStore, createArtifactStore } from './artifact-store.ts';
import { type AssetTree, readAssetTree } from './asset-tree.ts';
import { sampleTool } from './fixtures/sample-tool.ts';

let folder: string;
let store: ArtifactStore;
const owner = sampleTool('dev.example.echo');

const open = () => createArtifactStore({ path: join(folder, 'data', 'registry.db') });
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kami-asset-store-'));
  store = open();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
function tree(files: Readonly<Record<string, string>> = { 'a.txt': 'A', 'sub/b.txt': 'B' }): AssetTree {
  count += 1;
  const root = join(folder, `source-${count}`);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return readAssetTree(root) ?? expect.unreachable();
}

async function put(content: AssetTree): Promise<Sha256> {
  const staged = store.assets.stage(content);
  store.assets.commit(staged);
  await store.assets.discard(staged);
  return staged.sha256;
}

const staging = () => readdirSync(join(folder, 'data', 'staging'));
const stored = () => readdirSync(join(folder, 'data', 'store', 'assets'));
const damaged = expect.objectContaining({
  code: 'KAMI_STORE_DAMAGED',
  message: expect.stringContaining('dev.example.echo'),
  fix: 'Install the tool again: kami install /srv/tools/sample',
});

describe('a tree of assets', () => {
  it('is found by its hash, and none of it can be written to', async () => {
    const sha256 = await put(tree());
    const place = store.assets.folder(sha256, owner);
    expect(place.endsWith(join('data', 'store', 'assets', sha256))).toBe(true);
    expect(readFileSync(join(place, 'sub', 'b.txt'), 'utf8')).toBe('B');
    const modes = ['.', 'sub', 'a.txt', 'sub/b.txt'].map((path) => statSync(join(place, path)).mode & 0o777);
    expect(modes).toEqual([0o555, 0o555, 0o444, 0o444]);
    expect(statSync(dirname(place)).mode & 0o777).toBe(0o700);
    expect(staging()).toEqual([]);
  });

  it('is not in the store before it is committed, nor after it was discarded', async () => {
    const staged = store.assets.stage(tree());
    expect(() => store.assets.folder(staged.sha256, owner)).toThrow(damaged);
    await store.assets.discard(staged);
    expect(staging()).toEqual([]);
  });

  it('stays the same folder when it comes again', async () => {
    const sha256 = await put(tree());
    const { ino } = statSync(store.assets.folder(sha256, owner));
    expect(await put(tree())).toBe(sha256);
    expect(statSync(store.assets.folder(sha256, owner)).ino).toBe(ino);
    expect([stored(), staging()]).toEqual([[sha256], []]);
  });

  it.each<[string, (place: string) => void]>([
    ['one other byte', (place) => writeFileSync(join(place, 'a.txt'), 'X')],
    ['a file more', (place) => writeFileSync(join(place, 'new.txt'), '')],
    ['a file less', (place) => rmSync(join(place, 'sub', 'b.txt'))],
    ['another name', (place) => renameSync(join(place, 'a.txt'), join(place, 'c.txt'))],
    ['a folder more', (place) => mkdirSync(join(place, 'empty'))],
    [
      'a link to the right bytes',
      (place) => {
        renameSync(join(place, 'a.txt'), join(folder, 'a.txt'));
        symlinkSync(join(folder, 'a.txt'), join(place, 'a.txt'));
      },
    ],
    [
      'a link to the right tree',
      (place) => {
        renameSync(place, join(folder, 'moved'));
        symlinkSync(join(folder, 'moved'), place);
      },
    ],
    ['nothing', (place) => rmSync(place, { recursive: true })],
  ])('with %s is refused, and mended by installing it again', async (_name, damage) => {
    const sha256 = await put(tree());
    const place = join(folder, 'data', 'store', 'assets', sha256);
    for (const path of ['.', 'sub', 'a.txt']) chmodSync(join(place, path), 0o700);
    damage(place);
    expect(() => store.assets.folder(sha256, owner)).toThrow(damaged);
    await put(tree());
    expect(readFileSync(join(store.assets.folder(sha256, owner), 'a.txt'), 'utf8')).toBe('A');
    expect(await store.assets.removeSwept()).toEqual([]);
    expect(stored()).toEqual([sha256]);
  });

  it('is compared with its hash when it is used for the first time, and must be there each time', async () => {
    const sha256 = await put(tree());
    const place = store.assets.folder(sha256, owner);
    chmodSync(join(place, 'a.txt'), 0o600);
    writeFileSync(join(place, 'a.txt'), 'X');
    expect(store.assets.folder(sha256, owner)).toBe(place);
    expect(() => open().assets.folder(sha256, owner)).toThrow(damaged);
    rmSync(place, { recursive: true });
    expect(() => store.assets.folder(sha256, owner)).toThrow(damaged);
  });
});

describe('a sweep', () => {
  it('removes what nothing refers to, and nothing else', async () => {
    const kept = await put(tree());
    const gone = await put(tree({ 'other.txt': '', 'deep/er/still/x': '' }));
    writeFileSync(join(folder, 'data', 'store', 'assets', 'notes.txt'), 'mine');
    expect(store.assets.sweep(new Set([kept]))).toEqual([]);
    expect(() => store.assets.folder(gone, owner)).toThrow(damaged);
    expect(await store.assets.removeSwept()).toEqual([]);
    expect(stored().toSorted()).toEqual([kept, 'notes.txt'].toSorted());
    expect(store.assets.folder(kept, owner)).toContain(kept);
  });

  it('does nothing where there is no store yet', async () => {
    expect(store.assets.sweep(new Set())).toEqual([]);
    expect(await store.assets.removeSwept()).toEqual([]);
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });

  it('removes from staging what an old installation left, and keeps work in progress', async () => {
    const old = store.assets.stage(tree());
    const mine = store.assets.stage(tree());
    const hoursAgo = Date.now() / 1000 - 3 * 3600;
    utimesSync(old.path, hoursAgo, hoursAgo);
    expect(store.sweep(new Set()).failed).toEqual([]);
    await store.assets.removeSwept();
    expect(staging().map((name) => join(folder, 'data', 'staging', name))).toEqual([mine.path]);
  });
});
