import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { lstat, readdir, rmdir, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { swapInside } from './fixtures/swap-inside.ts';
import { moveAside, removeAside } from './remove-aside.ts';

// A busy machine starts threads and processes slowly.
vi.setConfig({ testTimeout: 120_000 });

let folder: string;
let parent: string;
let victim: string;
let outside: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kami-remove-'));
  parent = join(folder, 'private');
  victim = join(parent, 'dev.example.echo');
  outside = join(folder, 'outside');
  mkdirSync(victim, { recursive: true });
  mkdirSync(join(outside, 'sub'), { recursive: true });
  writeFileSync(join(outside, 'sub', 'precious'), 'untouched');
});
afterEach(() => {
  const precious = readFileSync(join(outside, 'sub', 'precious'), 'utf8');
  const { mode } = lstatSync(outside);
  rmSync(folder, { recursive: true, force: true });
  expect([precious, mode & 0o777]).toEqual(['untouched', 0o755]);
});

async function remove() {
  moveAside(victim);
  expect(existsSync(victim)).toBe(false);
  return removeAside(parent);
}

describe('removing what a stranger left', () => {
  it('follows no link, at any depth', async () => {
    mkdirSync(join(victim, 'a', 'b'), { recursive: true });
    for (const place of ['.', 'a', 'a/b']) {
      symlinkSync(outside, join(victim, place, 'folder'));
      symlinkSync('../../outside', join(victim, place, 'relative'));
      symlinkSync(join(outside, 'sub', 'precious'), join(victim, place, 'file'));
      symlinkSync('nowhere', join(victim, place, 'dangling'));
      symlinkSync('loop', join(victim, place, 'loop'));
    }
    expect(await remove()).toEqual([]);
    expect(readdirSync(parent)).toEqual([]);
  });

  it('removes a link in the place of the folder, and not what it leads to', async () => {
    rmSync(victim, { recursive: true });
    symlinkSync(outside, victim);
    expect(await remove()).toEqual([]);
    expect(readdirSync(parent)).toEqual([]);
  });

  it('copes with thousands of files, odd names, fifos and folders without rights', async () => {
    for (let index = 0; index < 3_000; index += 1) writeFileSync(join(victim, `f${index}`), '');
    for (const name of ['-rf', '*', ' ', '\n', '.gone-mine', '\u202e', 'x'.repeat(255)]) {
      mkdirSync(join(victim, name));
      writeFileSync(join(victim, name, name), name);
    }
    writeFileSync(Buffer.concat([Buffer.from(`${victim}/`), Buffer.from([0xff, 0xfe])]), '');
    if (process.platform !== 'win32') execFileSync('mkfifo', [join(victim, 'fifo')]);
    mkdirSync(join(victim, 'locked', 'inner'), { recursive: true });
    for (const path of ['locked/inner', 'locked', '.']) chmodSync(join(victim, path), 0o555);
    expect(await remove()).toEqual([]);
    expect(readdirSync(parent)).toEqual([]);
  });

  it('copes with a tree whose path no system call takes any more', async () => {
    // Each is put into the next one, so that nobody ever needs the whole path.
    const name = 'd'.repeat(200);
    let inner = join(folder, 'inner');
    mkdirSync(inner);
    writeFileSync(join(inner, 'bottom'), '');
    for (let level = 0; level < 60; level += 1) {
      const outer = join(folder, `level-${level}`);
      mkdirSync(outer);
      renameSync(inner, join(outer, name));
      inner = outer;
    }
    renameSync(inner, join(victim, 'top'));
    expect(await remove()).toEqual([]);
    expect(readdirSync(parent)).toEqual([]);
  });

  it('touches nothing that was not moved aside', async () => {
    const other = join(parent, 'dev.example.other');
    mkdirSync(other);
    writeFileSync(join(other, 'kept'), '');
    expect(await remove()).toEqual([]);
    expect(readdirSync(parent)).toEqual(['dev.example.other']);
    expect(readdirSync(other)).toEqual(['kept']);
  });

  it('goes on where one that was killed stopped, also beside another', async () => {
    for (const name of ['a', 'b', 'c']) {
      mkdirSync(join(victim, name));
      for (let index = 0; index < 300; index += 1) writeFileSync(join(victim, name, `${index}`), '');
    }
    moveAside(victim);
    expect(await Promise.all([removeAside(parent), removeAside(parent)])).toEqual([[], []]);
    expect(readdirSync(parent)).toEqual([]);
  });

  it('does nothing where there is nothing', async () => {
    moveAside(join(parent, 'none'));
    expect(await removeAside(join(folder, 'nowhere'))).toEqual([]);
  });
});

const script = fileURLToPath(new URL('./fixtures/remove-process.mjs', import.meta.url));
const isRoot = process.getuid?.() === 0;

describe('removing without being root', () => {
  /** The user of the tests, or when that is root, who may do anything, another one. */
  function run(task: string): unknown {
    rmSync(victim, { recursive: true });
    for (const path of [folder, parent]) chmodSync(path, 0o777);
    const { stdout, stderr, status } = spawnSync(process.execPath, [script, task, parent], {
      encoding: 'utf8',
      ...(isRoot ? { uid: 65_534, gid: 65_534 } : {}),
    });
    expect(status, stderr).toBe(0);
    return JSON.parse(stdout);
  }

  it.skipIf(process.platform === 'win32')('gives itself the rights that it needs', () => {
    expect(run('locked')).toEqual({ failed: [], left: [] });
  });

  it.skipIf(process.platform === 'win32')('tells what it has no right to, and removes the rest', () => {
    expect(run('unreadable')).toEqual({
      failed: [{ path: expect.stringContaining('.gone-'), code: 'EACCES' }],
      left: [expect.stringContaining('.gone-')],
    });
  });
});

/** What anybody would write: looks at each name, and then goes into it by the same name. */
async function removeByPath(path: string): Promise<void> {
  if (!(await lstat(path)).isDirectory()) return unlink(path);
  for (const name of await readdir(path)) await removeByPath(join(path, name)).catch(() => undefined);
  await rmdir(path);
}

describe('removing while somebody writes', () => {
  it.skipIf(process.platform !== 'linux')('reaches outside when it goes by paths', async () => {
    const decoy = join(folder, 'decoy');
    mkdirSync(decoy);
    writeFileSync(join(decoy, 'file'), '');
    for (let round = 0; round < 400 && existsSync(join(decoy, 'file')); round += 1) {
      mkdirSync(join(victim, 'swap', 'real'), { recursive: true });
      const writer = await swapInside(join(victim, 'swap'), decoy);
      for (let attempt = 0; attempt < 20; attempt += 1) await removeByPath(victim).catch(() => undefined);
      await writer.stop();
      mkdirSync(victim, { recursive: true });
    }
    expect(existsSync(join(decoy, 'file'))).toBe(false);
  });

  it.skipIf(process.platform !== 'linux')(
    'never reaches outside, though folders become links all the time',
    async () => {
      let swaps = 0;
      for (let round = 0; round < 40; round += 1) {
        mkdirSync(join(victim, 'swap', 'real'), { recursive: true });
        for (let index = 0; index < 50; index += 1) writeFileSync(join(victim, 'swap', `${index}`), '');
        const writer = await swapInside(join(victim, 'swap'), outside);
        const failed = await remove();
        swaps += await writer.stop();
        // What was written faster than it was removed goes the next time.
        for (const { code } of failed) expect(['ENOTEMPTY', 'ENOTDIR']).toContain(code);
        expect(await removeAside(parent)).toEqual([]);
        expect(readdirSync(parent)).toEqual([]);
        mkdirSync(victim);
      }
      expect(swaps).toBeGreaterThan(0);
    },
  );
});
