import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
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
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import SqliteDatabase from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createGrant } from '../model/grant.ts';
import { noOffers } from '../model/offers.ts';
import { sampleTool } from './fixtures/sample-tool.ts';
import { openRegistry } from './open-registry.ts';
import { toRegistryError } from './sqlite-errors.ts';

const script = fileURLToPath(new URL('./fixtures/registry-process.mjs', import.meta.url));

// Processes start slowly on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kami-registry-'));
  path = join(folder, 'data', 'registry.db');
});
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function start(
  task: string,
  ...rest: readonly string[]
): ChildProcess & { stdout: NonNullable<ChildProcess['stdout']> } {
  const child = spawn(process.execPath, [script, task, path, ...rest], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child as typeof child & { stdout: NonNullable<ChildProcess['stdout']> };
}

async function run(task: string, ...rest: readonly string[]): Promise<string> {
  const child = start(task, ...rest);
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  expect(code).toBe(0);
  return output;
}

/** The error that opening gives; fails when there is none. */
async function refusal(options?: Parameters<typeof openRegistry>[1]) {
  return openRegistry(path, options).then(
    () => expect.unreachable('the registry was opened'),
    (error: unknown) => error,
  );
}

describe('a new registry', () => {
  it('is created for its user only, in write-ahead mode', async () => {
    const registry = await openRegistry(path);
    registry.tools.insert(sampleTool('dev.example.echo'));
    const mode = (name: string) => statSync(name).mode & 0o777;
    expect(mode(join(folder, 'data'))).toBe(0o700);
    const files = readdirSync(join(folder, 'data'));
    expect(files).toEqual(['registry.db', 'registry.db-shm', 'registry.db-wal']);
    for (const file of files) expect(mode(join(folder, 'data', file))).toBe(0o600);
    registry.close();
    registry.close();
  });

  it('keeps its tools when it is opened again, also through a link', async () => {
    const first = await openRegistry(path);
    first.tools.insert(sampleTool('dev.example.echo'));
    first.close();
    const link = join(folder, 'link.db');
    symlinkSync(path, link);
    const again = await openRegistry(link);
    expect(again.path).toBe(first.path);
    expect(again.tools.ids()).toEqual(['dev.example.echo']);
    again.close();
  });

  it('may be set up by several processes at the same moment', async () => {
    const soon = String(Date.now() + 500);
    const said = await Promise.all([1, 2, 3, 4].map(() => run('setUp', soon, '30')));
    expect(said).toEqual(['', '', '', '']);
    const registry = await openRegistry(`${path}-29`, { readonly: true });
    expect(registry.tools.ids()).toEqual([]);
    registry.close();
  });

  it('may be filled by several processes at the same moment', async () => {
    await Promise.all(['a', 'b', 'c', 'd'].map((prefix) => run('insert', prefix, '5')));
    const registry = await openRegistry(path);
    expect(registry.tools.ids()).toHaveLength(20);
    registry.close();
  });
});

describe('two writers', () => {
  it('lose no change to each other', async () => {
    const registry = await openRegistry(path);
    const id = sampleTool('dev.example.counter').id;
    registry.tools.insert(sampleTool(id, { description: '0' }));
    await Promise.all([run('count', id, '200'), run('count', id, '200')]);
    expect(registry.tools.find(id)?.description).toBe('400');
    registry.close();
  });

  it('are told when the other holds the lock, and readers are not held up', async () => {
    const registry = await openRegistry(path, { busyTimeoutMs: 50 });
    registry.tools.insert(sampleTool('dev.example.before'));
    const holder = start('hold');
    await once(createInterface(holder.stdout), 'line');
    expect(() => registry.tools.insert(sampleTool('dev.example.echo'))).toThrow(
      expect.objectContaining({ code: 'KAMI_REGISTRY_LOCKED', message: expect.stringContaining(path) }),
    );
    expect(registry.tools.ids()).toEqual(['dev.example.before']);
    const second = await openRegistry(path, { busyTimeoutMs: 50 });
    expect(second.tools.ids()).toEqual(['dev.example.before']);
    second.close();
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    registry.tools.insert(sampleTool('dev.example.echo'));
    expect(registry.tools.ids()).toEqual(['dev.example.before', 'dev.example.echo']);
    registry.close();
  });

  it('are told when the lock is held while a new registry is set up', async () => {
    mkdirSync(join(folder, 'data'));
    const db = new SqliteDatabase(path);
    db.pragma('journal_mode = WAL');
    db.exec('BEGIN IMMEDIATE');
    expect(await refusal({ busyTimeoutMs: 50 })).toMatchObject({ code: 'KAMI_REGISTRY_LOCKED' });
    db.close();
  });
});

describe('a writer that is killed', () => {
  it('loses nothing that it had committed', async () => {
    const said: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      const child = start('insert', `r${round}`, '100000');
      let lines = 0;
      for await (const line of createInterface(child.stdout)) {
        said.push(`dev.example.${line}`);
        lines += 1;
        if (lines === 1 + round * 7) child.kill('SIGKILL');
      }
      const registry = await openRegistry(path);
      const ids = new Set(registry.tools.ids());
      expect(said.filter((id) => !ids.has(id))).toEqual([]);
      expect(registry.tools.findAll().damaged).toEqual([]);
      registry.close();
    }
    expect(said.length).toBeGreaterThan(6);
    const db = new SqliteDatabase(path);
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    db.close();
  });
});

describe('changeCounter', () => {
  it('moves when any connection or process changes something, and only then', async () => {
    const server = await openRegistry(path);
    const command = await openRegistry(path);
    const before = server.changeCounter();
    expect(server.changeCounter()).toBe(before);
    command.tools.ids();
    command.tools.transaction(() => command.tools.ids());
    expect(server.changeCounter()).toBe(before);
    command.tools.insert(sampleTool('dev.example.echo'));
    const after = server.changeCounter();
    expect(after).not.toBe(before);
    expect(server.tools.ids()).toEqual(['dev.example.echo']);
    expect(server.changeCounter()).toBe(after);
    await run('insert', 'process', '1');
    const last = server.changeCounter();
    expect(last).not.toBe(after);
    server.tools.insert(sampleTool('dev.example.own'));
    expect(server.changeCounter()).not.toBe(last);
    server.close();
    command.close();
  });
});

describe('a registry of the schema before assets', () => {
  it('is brought up to date with its tools, which brought none, and their grants', async () => {
    const { id } = sampleTool('dev.example.old');
    const before = await openRegistry(path);
    before.tools.insert(sampleTool(id));
    before.grants.save(id, createGrant([{ kind: 'net', host: 'a.example' }], { by: 'ada', at: new Date() }));
    before.close();
    const db = new SqliteDatabase(path);
    db.exec('ALTER TABLE tools DROP COLUMN assets_sha256; ALTER TABLE tools DROP COLUMN offers');
    db.pragma('user_version = 2');
    db.close();
    expect(await refusal({ readonly: true })).toMatchObject({ code: 'KAMI_REGISTRY_READ_ONLY' });

    const after = await openRegistry(path);
    expect(after.tools.find(id)).toStrictEqual(sampleTool(id, { assets: undefined, offers: noOffers }));
    expect(after.grants.find(id)?.network).toEqual(['a.example']);
    expect(after.tools.assets()).toEqual(new Set());
    const { assets } = sampleTool(id);
    after.tools.update(sampleTool(id, { assets }));
    expect(after.tools.assets()).toEqual(new Set([assets]));
    after.close();
  });
});

describe('a registry that can not be used', () => {
  async function made(): Promise<void> {
    const registry = await openRegistry(path);
    registry.tools.insert(sampleTool('dev.example.echo'));
    registry.close();
  }

  it('of a newer KAMI is left untouched', async () => {
    await made();
    const db = new SqliteDatabase(path);
    db.pragma('user_version = 99');
    db.close();
    const before = readFileSync(path);
    expect(await refusal()).toMatchObject({
      code: 'KAMI_REGISTRY_NEWER',
      message: expect.stringMatching(/registry\.db.*schema version 99/),
      fix: expect.stringContaining('npm install -g kami-host@latest'),
    });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it.each([
    ['text', Buffer.from('this is not a database\n'.repeat(400))],
    ['a few bytes', Buffer.from('abc')],
    [
      'a SQLite header and noise',
      Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(8000, 0xa5)]),
    ],
  ])('because it is %s is told and left untouched', async (_name, content) => {
    mkdirSync(join(folder, 'data'));
    writeFileSync(path, content);
    expect(await refusal()).toMatchObject({
      code: 'KAMI_REGISTRY_CORRUPT',
      message: expect.stringContaining(path),
      fix: expect.stringContaining(`mv ${path}`),
    });
    expect(readFileSync(path).equals(content)).toBe(true);
  });

  it('because its pages are damaged is told when they are read', async () => {
    await made();
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 4096);
    writeFileSync(path, bytes);
    const work = openRegistry(path).then(({ tools, close }) => {
      try {
        return tools.findAll();
      } finally {
        close();
      }
    });
    await expect(work).rejects.toMatchObject({ code: 'KAMI_REGISTRY_CORRUPT' });
  });

  it.each([
    ['tables', 'CREATE TABLE bookmarks (url TEXT)'],
    ['a version', 'PRAGMA user_version = 1'],
    ['an owner', 'PRAGMA application_id = 7'],
  ])('because another program gave it %s gets no table of ours', async (_name, sql) => {
    mkdirSync(join(folder, 'data'));
    const db = new SqliteDatabase(path);
    db.exec(sql);
    db.close();
    const before = readFileSync(path);
    expect(await refusal()).toMatchObject({
      code: 'KAMI_REGISTRY_CORRUPT',
      message: expect.stringContaining('another program'),
    });
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(join(folder, 'data'))).toEqual(['registry.db']);
  });

  it('because it is a folder says so', async () => {
    mkdirSync(path, { recursive: true });
    const expected = { code: 'KAMI_FILE_UNREADABLE', message: expect.stringContaining('is a folder') };
    expect(await refusal()).toMatchObject(expected);
    expect(await refusal({ readonly: true })).toMatchObject(expected);
  });

  it('because its folder is a file says so', async () => {
    writeFileSync(join(folder, 'data'), '');
    expect(await refusal()).toMatchObject({ message: expect.stringContaining(join(folder, 'data')) });
    expect(readFileSync(join(folder, 'data'), 'utf8')).toBe('');
  });

  it('because it is a link to nothing says so', async () => {
    mkdirSync(join(folder, 'data'));
    symlinkSync(join(folder, 'nowhere.db'), path);
    expect(await refusal()).toMatchObject({ code: 'KAMI_FILE_UNWRITABLE' });
    expect(existsSync(join(folder, 'nowhere.db'))).toBe(false);
  });

  it('for reading only refuses every change', async () => {
    await made();
    const registry = await openRegistry(path, { readonly: true });
    expect(registry.tools.ids()).toEqual(['dev.example.echo']);
    const refused = expect.objectContaining({ code: 'KAMI_REGISTRY_READ_ONLY' });
    expect(() => registry.tools.delete('dev.example.echo')).toThrow(refused);
    expect(() => registry.tools.transaction(() => 1)).toThrow(refused);
    expect(registry.tools.ids()).toEqual(['dev.example.echo']);
    registry.close();
  });

  it('for reading only is not created and not migrated', async () => {
    expect(await refusal({ readonly: true })).toMatchObject({ code: 'KAMI_FILE_NOT_FOUND' });
    expect(existsSync(join(folder, 'data'))).toBe(false);
    mkdirSync(join(folder, 'data'));
    writeFileSync(path, '');
    expect(await refusal({ readonly: true })).toMatchObject({ code: 'KAMI_REGISTRY_READ_ONLY' });
    expect(readFileSync(path)).toHaveLength(0);
  });

  it.skipIf(process.platform === 'win32')('for lack of rights is told for what it is', async () => {
    await made();
    const before = readFileSync(path);
    chmodSync(folder, 0o755);
    const data = join(folder, 'data');
    const attempts = [];
    for (const [folderMode, fileMode] of [
      [0o555, 0o444],
      [0o755, 0o000],
      [0o000, 0o644],
    ] as const) {
      chmodSync(path, fileMode);
      chmodSync(data, folderMode);
      attempts.push((await run('unprivileged')).trim());
      chmodSync(data, 0o700);
    }
    expect(attempts[0]).toMatch(/^KAMI_(REGISTRY_READ_ONLY|FILE_UNREADABLE)$/);
    expect(attempts.slice(1)).toEqual(['KAMI_FILE_UNREADABLE', 'KAMI_FILE_UNREADABLE']);
    expect(readFileSync(path).equals(before)).toBe(true);

    chmodSync(folder, 0o555);
    path = join(folder, 'new', 'registry.db');
    expect((await run('unprivileged')).trim()).toBe('KAMI_FILE_UNWRITABLE');
    chmodSync(folder, 0o755);
  });

  it('because the disk is full is told by SQLite and not by its words', () => {
    const db = new SqliteDatabase(join(folder, 'small.db'));
    db.exec('CREATE TABLE t (x)');
    db.pragma('max_page_count = 3');
    let full: unknown;
    try {
      db.prepare('INSERT INTO t VALUES (zeroblob(100000))').run();
    } catch (error) {
      full = error;
    }
    db.close();
    expect(toRegistryError(full, path)).toMatchObject({ code: 'KAMI_DISK_FULL', cause: full });
    const lookalike = new Error('SQLITE_FULL: database or disk is full');
    expect(toRegistryError(lookalike, path)).toBe(lookalike);
  });
});
