import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assetNameProblem } from './asset-name.ts';
import { assetLimits, readAssetTree } from './asset-tree.ts';
import { writeAssetTree } from './write-asset-tree.ts';

let folder: string;
let assets: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kami-assets-'));
  assets = join(folder, 'assets');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string | Uint8Array>>, root = assets): string {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return root;
}

const hashOf = (files: Readonly<Record<string, string>>, name: string) =>
  readAssetTree(write(files, join(folder, name)))?.sha256;
const refusal = (...words: readonly string[]) =>
  expect.objectContaining({
    code: 'KAMI_ASSETS_INVALID',
    message: expect.stringMatching(words.map((word) => word.replace(/[()^$.*+?[\]\\|]/g, '\\$&')).join('.*')),
  });

describe('a tree', () => {
  it('is all files and folders, sorted', () => {
    mkdirSync(join(assets, 'empty'), { recursive: true });
    const tree = readAssetTree(write({ 'b.txt': 'B', 'a/deep/c.txt': 'CC', 'a-b': '' }));
    expect(tree?.folders).toEqual(['a', 'a/deep', 'empty']);
    expect(tree?.files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()])).toEqual([
      ['a-b', ''],
      ['a/deep/c.txt', 'CC'],
      ['b.txt', 'B'],
    ]);
    expect(tree?.size).toBe(3);
  });

  it('is nothing where there is no folder, or nothing in it', () => {
    expect(readAssetTree(assets)).toBeUndefined();
    mkdirSync(assets);
    expect(readAssetTree(assets)).toBeUndefined();
  });

  it('has a hash of names and contents, that does not depend on the place', () => {
    const one = hashOf({ 'a/b': 'x', c: 'y' }, 'one');
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(hashOf({ c: 'y', 'a/b': 'x' }, 'two')).toBe(one);
    const others = [
      hashOf({ 'a/b': 'x', c: 'z' }, 'content'),
      hashOf({ 'a/b': 'x', d: 'y' }, 'name'),
      hashOf({ 'a/b': 'y', c: 'x' }, 'swapped'),
      hashOf({ 'a/b': 'x', c: 'y', d: '' }, 'more'),
      hashOf({ a: 'x', c: 'y' }, 'folder'),
      hashOf({ 'a/b': 'x', c: 'y', 'e/f': '' }, 'further'),
    ];
    expect(new Set([one, ...others]).size).toBe(7);
  });

  it('is the same after it was written', () => {
    mkdirSync(join(assets, 'empty'), { recursive: true });
    const tree = readAssetTree(write({ 'a/b/c': 'x', 'ü 🦊.txt': 'y' }));
    if (tree === undefined) return expect.unreachable();
    writeAssetTree(join(folder, 'copy'), tree);
    expect(readAssetTree(join(folder, 'copy'))).toEqual(tree);
  });
});

describe('what can not be part of a tool', () => {
  it('is a link, wherever it leads', () => {
    write({ secret: '<secret>' }, join(folder, 'outside'));
    for (const [name, target] of [
      ['out', '../outside/secret'],
      ['folder', '../outside'],
      ['inside', 'own.txt'],
      ['dangling', 'nowhere'],
      ['loop', 'loop'],
      ['absolute', '/etc/hostname'],
    ] as const) {
      rmSync(assets, { recursive: true, force: true });
      write({ 'own.txt': '', 'sub/x': '' });
      symlinkSync(target, join(assets, name));
      expect(() => readAssetTree(assets), name).toThrow(refusal(`assets/${name}`, 'a link'));
      rmSync(join(assets, name));
      symlinkSync(target, join(assets, 'sub', name));
      expect(() => readAssetTree(assets), name).toThrow(refusal(`assets/sub/${name}`, 'a link'));
    }
  });

  it('is a folder of assets that is itself a link, or a file', () => {
    write({ a: '' }, join(folder, 'elsewhere'));
    symlinkSync('elsewhere', assets);
    expect(() => readAssetTree(assets)).toThrow(refusal('assets', 'a link'));
    rmSync(assets);
    writeFileSync(assets, '');
    expect(() => readAssetTree(assets)).toThrow(refusal('assets', 'a file'));
  });

  it.skipIf(process.platform === 'win32')('is a fifo, which does not hold the reader up', () => {
    write({ 'sub/a': '' });
    expect(spawnSync('mkfifo', [join(assets, 'sub', 'pipe')]).status).toBe(0);
    expect(() => readAssetTree(assets)).toThrow(refusal('assets/sub/pipe', 'a fifo'));
  });

  it.skipIf(process.platform !== 'linux')('is a name that is not UTF-8', () => {
    mkdirSync(assets);
    writeFileSync(Buffer.concat([Buffer.from(`${assets}/`), Buffer.from([0x61, 0xff])]), '');
    expect(() => readAssetTree(assets)).toThrow(refusal('is not UTF-8'));
  });

  it.skipIf(process.platform !== 'linux').each([
    [['README', 'readme'], 'sub'],
    [['Straße', 'STRASSE'], '.'],
  ])('is %j beside each other', (names, place) => {
    write(Object.fromEntries(names.map((name) => [join(place, name), name])));
    expect(() => readAssetTree(assets)).toThrow(refusal('differs from it in case only'));
  });

  it.skipIf(process.platform !== 'linux')('is a file in a folder of a twin name', () => {
    write({ 'data/x': '', 'Data/y': '' });
    expect(() => readAssetTree(assets)).toThrow(refusal('in case only'));
  });

  it.each([
    ['..', 'means another folder'],
    ['', 'means another folder'],
    ['a/../b', 'character /'],
    ['a\\b', 'character \\'],
    ['c:stream', 'character :'],
    ['what?', 'character ?'],
    ['dot.', 'ends with a dot'],
    ['space ', 'ends with a dot or a space'],
    ['NUL', 'a device'],
    ['com1.txt', 'a device'],
    ['lpt¹', 'a device'],
    ['aux .md', 'a device'],
    ['a\u0000b', 'U+0000'],
    ['a\nb', 'U+000A'],
    ['txt.\u202eexe', 'U+202E'],
    ['u\u0308', 'NFC'],
    ['x'.repeat(256), 'longer than 255 bytes'],
    ['ü'.repeat(128), 'longer than 255 bytes'],
  ])('is the name %j', (name, why) => {
    expect(assetNameProblem(name)).toContain(why);
  });

  it.each(['a', '.hidden', 'a b', 'com', 'console', 'nullable.txt', '日本', 'ü', '🦊', 'x'.repeat(255)])(
    'is not the name %j',
    (name) => expect(assetNameProblem(name)).toBeUndefined(),
  );
});

describe('more than a tool may bring along', () => {
  it('is too many files, and as many as there may be are not', () => {
    mkdirSync(assets);
    for (let index = 0; index < assetLimits.entries; index += 1) writeFileSync(join(assets, `f${index}`), '');
    expect(readAssetTree(assets)?.files).toHaveLength(assetLimits.entries);
    mkdirSync(join(assets, 'one-more'));
    expect(() => readAssetTree(assets)).toThrow(refusal('more than 5000 files and folders'));
  });

  it('is too many bytes, and a sparse terabyte is not read', () => {
    write({ a: 'x', b: '' });
    truncateSync(join(assets, 'b'), assetLimits.bytes);
    expect(() => readAssetTree(assets)).toThrow(refusal(`more than ${assetLimits.bytes} bytes`));
    truncateSync(join(assets, 'b'), 2 ** 40);
    expect(() => readAssetTree(assets)).toThrow(refusal(`more than ${assetLimits.bytes} bytes`));
  });

  it('is a file too deep, or with too long a path', () => {
    const { depth } = assetLimits;
    const nested = (levels: number) => `${'d/'.repeat(levels - 1)}file`;
    expect(readAssetTree(write({ [nested(depth)]: '' }))?.files).toHaveLength(1);
    write({ [nested(depth + 1)]: '' });
    expect(() => readAssetTree(assets)).toThrow(refusal('more than 16 folders deep'));
    rmSync(assets, { recursive: true });
    write({ [['x', 'y'].map((name) => name.repeat(200)).join('/')]: '' });
    expect(() => readAssetTree(assets)).toThrow(refusal('longer than 400 bytes'));
  });
});
