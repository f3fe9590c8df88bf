import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFiles } from '../files/create-files.ts';
import { SharedFiles } from '../files/file-call.ts';
import { defaultFileLimits, type FileMount } from '../files/file-grant.ts';
import { scratchFolder } from '../files/fixtures/guest-files.ts';
import type { ChannelEnds } from '../host-call/channel.ts';
import { HostDispatcher } from '../host-call/dispatcher.ts';
import type { HostRequest } from '../host-call/protocol.ts';
import { filesystemInterfaces } from './filesystem.ts';
import type { Scenario } from './fixtures/filesystem-thread.ts';
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
  async function run(scenario: Scenario, mounts: readonly FileMount[] | undefined): Promise<unknown> {
    const replies = new SharedArrayBuffer(4);
    const { port1, port2 } = new MessageChannel();
    const ends: ChannelEnds = { port: port2, replies };
    const files =
      mounts === undefined
        ? undefined
        : createFiles({ mounts, limits: defaultFileLimits }, { shared: new SharedFiles() });
    const host = new HostDispatcher(files === undefined ? {} : { files }, (reply) => {
      port1.postMessage(reply);
      Atomics.add(new Int32Array(replies), 0, 1);
      Atomics.notify(new Int32Array(replies), 0);
    });
    port1.on('message', (request: HostRequest) => void host.dispatch(request));
    const worker = new Worker(new URL('./fixtures/filesystem-thread.ts', import.meta.url), {
      workerData: { ends, scenario },
      transferList: [port2],
    });
    try {
      return await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    } finally {
      await worker.terminate();
      await host.close();
      port1.close();
    }
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
