import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFiles } from '../files/create-files.ts';
import { SharedFiles } from '../files/file-call.ts';
import { defaultFileLimits, type FileMount } from '../files/file-grant.ts';
import { scratchFolder } from '../files/fixtures/guest-files.ts';
import { filesystemInterfaces } from './filesystem.ts';
import type { Scenario } from './fixtures/filesystem-thread.ts';
import { playInWorker } from './fixtures/play-in-worker.ts';
import { HandleBudget } from './handles.ts';

describe('wasi:filesystem in a worker', () => {
  let folder: ReturnType<typeof scratchFolder>;
  beforeEach(() => {
    folder = scratchFolder();
    writeFileSync(join(folder.path, 'file'), 'content');
  });
  afterEach(() => folder.remove());

  const mount = (rest: Partial<FileMount> = {}): FileMount => ({
    guestPath: '/data',
    hostPath: folder.path,
    access: 'read-write',
    ...rest,
  });

  /** Runs a scenario in a thread of its own; undefined for a call that has no file service at all. */
  function run(scenario: Scenario, mounts: readonly FileMount[] | undefined): Promise<unknown> {
    const shared = new SharedFiles();
    const services =
      mounts === undefined ? {} : { files: createFiles({ mounts, limits: defaultFileLimits }, { shared }) };
    return playInWorker(new URL('./fixtures/filesystem-thread.ts', import.meta.url), services, { scenario });
  }

  it('offers the folders that were granted, with what may be done in them', async () => {
    const mounts = [mount(), mount({ guestPath: '/fixed', access: 'read-only' })];
    expect(await run('preopens', mounts)).toEqual([
      ['/data', 'directory', { read: true, mutateDirectory: true }],
      ['/fixed', 'directory', { read: true, mutateDirectory: false }],
    ]);
  });

  it('offers none without a grant, without a service and without a host', async () => {
    expect(await run('preopens', [])).toEqual([]);
    expect(await run('preopens', undefined)).toEqual([]);
    const alone = filesystemInterfaces({ host: undefined, handles: new HandleBudget() });
    expect(alone['wasi:filesystem/preopens'].getDirectories()).toEqual([]);
  });

  it('has every method of a descriptor', async () => {
    expect(await run('every method of a descriptor', [mount()])).toMatchObject({
      write: 7n,
      read: ['tent', true],
      stat: {
        type: 'regular-file',
        size: 4n,
        linkCount: 1n,
        dataModificationTimestamp: { seconds: 7n, nanoseconds: 0 },
      },
      advise: ['done', 'bad-descriptor'],
      type: ['regular-file', 'directory'],
      flags: { read: true, write: true },
      names: ['file: regular-file', 'link: symbolic-link', 'moved: regular-file', 'sub: directory'],
      readlink: 'file',
      statAt: ['regular-file', 'symbolic-link'],
      same: [false, true],
      hash: true,
    });
    expect(readdirSync(folder.path).sort()).toEqual(['file', 'link']);
  });

  it("gives errors as WASI's codes", async () => {
    expect(await run('errors', [mount()])).toEqual([
      ...['not-permitted', 'no-entry', 'no-entry', 'invalid', 'is-directory', 'file-too-large'],
    ]);
  });

  it('streams in both directions, and to the end of a file', async () => {
    expect(await run('streams', [mount()])).toEqual([
      ...[65_536n, 4n, 'three\0\0!', true, 'closed', 'closed', 'closed', 'trap: RangeError'],
    ]);
    expect(readFileSync(join(folder.path, 'f'), 'utf8')).toBe('one two three\0\0!');
  });

  it('keeps a file open for its streams', async () => {
    expect(await run('streams outlive their descriptor', [mount()])).toEqual(['closed', 'bad-descriptor']);
    expect(readFileSync(join(folder.path, 'f'), 'utf8')).toBe('late');
  });

  it('tells what ended a stream', async () => {
    const quota = { bytes: 50_000, entries: 10 };
    expect(await run('errors of streams', [mount({ quota })])).toEqual([
      ...['bad-descriptor', 'bad-descriptor', 'last-operation-failed: quota', 'closed', 'closed', 'closed'],
      ...['closed', 'quota'],
    ]);
  });

  it('splices', async () => {
    expect(await run('splice between files', [mount()])).toEqual([3n, 4n, 'closed']);
    expect(readFileSync(join(folder.path, 'copy'), 'utf8')).toBe('content');
  });

  it('takes any write and read in chunks', async () => {
    const result = await run('a write of more than goes in one request', [mount()]);
    expect(result).toEqual([200_000n, 200_000n, 65_536]);
  });

  it('bounds what a guest holds, and forgets what it drops', async () => {
    expect(await run('a descriptor without end', [mount()])).toEqual([true, 'insufficient-memory']);
    expect(await run('descriptors that are dropped', [mount()])).toBe('done');
    expect(await run('streams without end', [mount()])).toBe('trap: TooManyHandles');
  });
});
