import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
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
import { type ArtifactStore, createArtifactStore, hash } from './artifact-store.ts';
import { sampleTool } from './fixtures/sample-tool.ts';
import { kamiFolder } from './kami-folder.ts';

let folder: string;
let store: ArtifactStore;
const bytes = Buffer.from('a component of a tool');
const sha256 = hash(bytes);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kami-store-'));
  store = createArtifactStore({ path: join(folder, 'data', 'registry.db') });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(content: Uint8Array): Sha256 {
  const staged = store.stage(content);
  store.commit(staged);
  return staged.sha256;
}

const staging = () => join(folder, 'data', 'staging');
const mode = (path: string) => statSync(path).mode & 0o777;

describe('an artifact', () => {
  it('is found by its hash, readable by its user only', async () => {
    expect(put(bytes)).toBe(sha256);
    expect(store.path(sha256)).toBe(
      join(folder, 'data', 'store', 'sha256', sha256.slice(0, 2), `${sha256}.wasm`),
    );
    expect(Buffer.from(await store.read(sha256)).equals(bytes)).toBe(true);
    expect(mode(store.path(sha256))).toBe(0o600);
    for (let up = dirname(store.path(sha256)); up !== folder; up = dirname(up)) expect(mode(up)).toBe(0o700);
    expect(readdirSync(staging())).toEqual([]);
  });

  it('is not in the store before it is committed, nor after it was discarded', async () => {
    const staged = store.stage(bytes);
    expect(staged).toMatchObject({ sha256, size: bytes.length });
    expect(existsSync(store.path(sha256))).toBe(false);
    store.discard(staged);
    expect(readdirSync(staging())).toEqual([]);
    await expect(store.read(sha256)).rejects.toMatchObject({ code: 'KAMI_STORE_DAMAGED' });
  });

  it('stays the same file when its bytes come again', () => {
    put(bytes);
    const { ino } = statSync(store.path(sha256));
    const staged = store.stage(bytes);
    store.commit(staged);
    store.discard(staged);
    expect(statSync(store.path(sha256)).ino).toBe(ino);
    expect(readdirSync(staging())).toEqual([]);
  });

  it.each([
    ['one flipped bit', (path: string) => writeFileSync(path, flip(readFileSync(path)))],
    ['a cut end', (path: string) => writeFileSync(path, bytes.subarray(1))],
    ['nothing in it', (path: string) => writeFileSync(path, '')],
    ['no file', (path: string) => rmSync(path)],
    [
      'a link to the right bytes',
      (path: string) => {
        writeFileSync(join(folder, 'elsewhere'), bytes);
        rmSync(path);
        symlinkSync(join(folder, 'elsewhere'), path);
      },
    ],
  ])('with %s is refused, and mended by installing it again', async (_name, damage) => {
    put(bytes);
    damage(store.path(sha256));
    await expect(store.read(sha256, sampleTool('dev.example.echo'))).rejects.toMatchObject({
      code: 'KAMI_STORE_DAMAGED',
      message: expect.stringContaining('dev.example.echo'),
      fix: 'Install the tool again: kami install /srv/tools/sample',
    });
    put(bytes);
    expect(Buffer.from(await store.read(sha256)).equals(bytes)).toBe(true);
    expect(statSync(store.path(sha256)).isFile()).toBe(true);
  });

  it.skipIf(process.platform === 'win32')(
    'that became a fifo or a folder does not hold the reader up',
    async () => {
      put(bytes);
      rmSync(store.path(sha256));
      expect(spawnSync('mkfifo', [store.path(sha256)]).status).toBe(0);
      await expect(store.read(sha256)).rejects.toMatchObject({ code: 'KAMI_STORE_DAMAGED' });
      rmSync(store.path(sha256));
      mkdirSync(store.path(sha256));
      await expect(store.read(sha256)).rejects.toMatchObject({ code: 'KAMI_STORE_DAMAGED' });
    },
  );
});

describe('an artifact that is much like another', () => {
  const engine = randomBytes(200_000);
  const tool = (name: string) => Buffer.concat([Buffer.from(name), engine, Buffer.from(`end of ${name}`)]);
  const [first, second, third] = [tool('first'), tool('second'), tool('third')];
  const sizeOf = (content: Uint8Array) => statSync(store.path(hash(content))).size;
  const expectKept = async (content: Uint8Array) =>
    expect(Buffer.compare(await store.read(hash(content)), content)).toBe(0);

  it('takes little room beside it, and is read as it was', async () => {
    for (const content of [first, second, third]) put(content);
    expect(sizeOf(first)).toBe(first.length);
    for (const content of [second, third]) {
      expect(sizeOf(content)).toBeLessThan(1_000);
      expect(mode(store.path(hash(content)))).toBe(0o600);
    }
    for (const content of [first, second, third]) await expectKept(content);
  });

  it('is stored whole when it is like none, or small', () => {
    put(first);
    const other = randomBytes(200_000);
    put(other);
    expect(sizeOf(other)).toBe(other.length);
    for (const content of [Buffer.from('x'.repeat(900)), Buffer.from('x'.repeat(901))]) {
      put(content);
      expect(sizeOf(content)).toBe(content.length);
    }
  });

  it('keeps what it is made from as long as it is there itself', async () => {
    for (const content of [first, second, third]) put(content);
    const sweep = (referenced: readonly Uint8Array[]) => {
      const { removed } = store.sweep(new Set(referenced.map(hash)));
      return new Set(removed);
    };
    expect(sweep([second, third])).toEqual(new Set([hash(first)]));
    await expectKept(second);
    expect(existsSync(store.path(hash(first)))).toBe(true);
    expect(sweep([third])).toEqual(new Set([hash(first), hash(second)]));
    await expectKept(third);
    expect(sweep([])).toEqual(new Set([hash(first), hash(third)]));
    expect(existsSync(store.path(hash(first)))).toBe(false);
  });

  it('is refused when what it is made from is damaged, and mended by installing either again', async () => {
    for (const again of [first, second]) {
      for (const content of [first, second]) put(content);
      writeFileSync(store.path(hash(first)), flip(first));
      await expect(store.read(hash(second))).rejects.toMatchObject({ code: 'KAMI_STORE_DAMAGED' });
      put(again);
      await expectKept(second);
      store.sweep(new Set());
    }
  });

  it('is whole when what it would be made from went while it was installed', async () => {
    put(first);
    const staged = store.stage(second);
    expect(staged.file.kind).toBe('delta');
    store.sweep(new Set());
    store.commit(staged);
    expect(sizeOf(second)).toBe(second.length);
    await expectKept(second);
    expect(readdirSync(staging())).toEqual([]);
  });

  it.each([
    ['one flipped bit', (path: string) => writeFileSync(path, flip(readFileSync(path)))],
    ['nothing in it', (path: string) => writeFileSync(path, '')],
    ['no file', (path: string) => rmSync(path)],
  ])('with %s is refused', async (_name, damage) => {
    for (const content of [first, second]) put(content);
    damage(store.path(hash(second)));
    await expect(store.read(hash(second))).rejects.toMatchObject({ code: 'KAMI_STORE_DAMAGED' });
    await expectKept(first);
  });
});

describe('a sweep', () => {
  it('removes what nothing refers to, and nothing else', async () => {
    const kept = put(Buffer.from('kept'));
    const gone = [put(Buffer.from('gone 1')), put(Buffer.from('gone 2'))];
    const notOurs = join(dirname(store.path(kept)), 'notes.txt');
    writeFileSync(notOurs, 'mine');
    const report = store.sweep(new Set([kept]));
    expect(new Set(report.removed)).toEqual(new Set(gone));
    expect(report.failed).toEqual([]);
    expect(gone.some((sha) => existsSync(store.path(sha)))).toBe(false);
    expect(Buffer.from(await store.read(kept)).toString()).toBe('kept');
    expect(readFileSync(notOurs, 'utf8')).toBe('mine');
  });

  it('does nothing where there is no store yet', () => {
    expect(store.sweep(new Set())).toEqual({ removed: [], failed: [] });
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });

  it('tells what it could not remove, and goes on', () => {
    const gone = put(Buffer.from('gone'));
    const stuck = hash(Buffer.from('stuck'));
    mkdirSync(store.path(stuck), { recursive: true });
    const report = store.sweep(new Set());
    expect(report.removed).toEqual([gone]);
    expect(report.failed.map(({ path }) => path)).toEqual([store.path(stuck)]);
  });

  it('removes from staging what dead processes and old installations left, and keeps work in progress', () => {
    const mine = store.stage(bytes);
    const name = mine.path.slice(staging().length + 1);
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    const ofDead = join(staging(), name.replace(`-${process.pid}-`, `-${dead}-`));
    const ofOtherMachine = join(staging(), name.replace(/^.{8}-\d+/, `00000000-${dead}`));
    const old = join(staging(), 'old.wasm');
    for (const file of [ofDead, ofOtherMachine, old]) writeFileSync(file, 'x');
    const hoursAgo = Date.now() / 1000 - 3 * 3600;
    utimesSync(old, hoursAgo, hoursAgo);
    store.sweep(new Set());
    expect(new Set(readdirSync(staging()).map((file) => join(staging(), file)))).toEqual(
      new Set([mine.path, ofOtherMachine]),
    );
  });
});

describe('a place that can not be written', () => {
  it('is told, and nothing is left', () => {
    writeFileSync(join(folder, 'data'), 'a file where the folder should be');
    expect(() => store.stage(bytes)).toThrow(
      expect.objectContaining({ code: 'KAMI_FILE_UNWRITABLE', message: expect.stringContaining(folder) }),
    );
    expect(readFileSync(join(folder, 'data'), 'utf8')).toContain('a file where');
  });
});

describe('kamiFolder', () => {
  it('gives every registry a store of its own', () => {
    expect(kamiFolder('/data/kami/registry.db')).toBe('/data/kami');
    expect(kamiFolder('/data/kami/test.db')).toBe('/data/kami/test.db.files');
  });

  it('keeps a sweep for one registry away from the artifacts of another beside it', async () => {
    put(bytes);
    const other = createArtifactStore({ path: join(folder, 'data', 'other.db') });
    other.sweep(new Set());
    expect(Buffer.from(await store.read(sha256)).equals(bytes)).toBe(true);
  });
});

function flip(content: Buffer): Buffer {
  const copy = Buffer.from(content);
  copy[3] = (copy[3] ?? 0) ^ 1;
  return copy;
}
