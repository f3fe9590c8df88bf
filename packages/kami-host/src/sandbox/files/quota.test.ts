import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SharedFiles } from './file-call.ts';
import { GuestFiles, type GuestOptions, scratchFolder } from './fixtures/guest-files.ts';

const create = { create: true, write: true };
const block = (length: number) => new Uint8Array(length).fill(1);

/** Row 7. */
describe('a quota', () => {
  let folder: ReturnType<typeof scratchFolder>;
  let guest: GuestFiles;
  const quota = { bytes: 1_000, entries: 5 };
  const again = (options: GuestOptions = {}) => GuestFiles.over(folder.path, { quota, ...options });

  beforeEach(async () => {
    folder = scratchFolder();
    guest = await again();
  });
  afterEach(async () => {
    await guest.service.close();
    folder.remove();
  });

  const write = (handle: number, offset: bigint, length: number) =>
    guest.code('write', { handle, offset, bytes: block(length) });

  it('of bytes stops a write before it is made, and lets smaller ones through', async () => {
    const handle = await guest.open('f', create);
    expect(await write(handle, 0n, 900)).toBe('done');
    expect(await write(handle, 900n, 101)).toBe('quota');
    expect(await guest.code('append', { handle, bytes: block(101) })).toBe('quota');
    expect(statSync(join(folder.path, 'f')).size).toBe(900);
    expect(await write(handle, 0n, 900)).toBe('done');
    expect(await guest.code('append', { handle, bytes: block(100) })).toBe('done');
    expect(guest.refusals).toEqual([
      'file-system: write /data/f (quota)',
      'file-system: append /data/f (quota)',
    ]);
  });

  it('counts a hole as what it pretends to be', async () => {
    const handle = await guest.open('f', create);
    expect(await guest.code('set-size', { handle, size: 1n << 40n })).toBe('file-too-large');
    expect(await guest.code('set-size', { handle, size: 1_001n })).toBe('quota');
    expect(await write(handle, 1_000n, 1)).toBe('quota');
    expect(await write(handle, 999n, 1)).toBe('done');
    expect(await write(await guest.open('g', create), 0n, 1)).toBe('quota');
  });

  it('gives back what is cut, removed or replaced', async () => {
    await guest.put('f', 'x'.repeat(1_000));
    await expect(guest.put('g', 'x')).rejects.toThrow('quota');
    await guest.ask('close', { handle: guest.dir + 2 });
    await guest.openCode('f', { truncate: true });
    await guest.put('g', 'x'.repeat(1_000));
    expect(await guest.code('rename', { ...guest.at('f'), to: guest.at('g') })).toBe('done');
    await guest.put('f', 'x'.repeat(1_000));
    await guest.ask('unlink-file', guest.at('f'));
    await guest.put('f', 'x'.repeat(1_000));
  });

  it('is not got round by files without a name', async () => {
    for (let n = 0; n < 3; n++) {
      const handle = await guest.open('f', create);
      expect(await write(handle, 0n, 1_000)).toBe(n === 0 ? 'done' : 'quota');
      await guest.ask('unlink-file', guest.at('f'));
      if (n === 2) await guest.ask('close', { handle: guest.dir + 1 });
    }
    expect(await write(await guest.open('f', create), 0n, 1_000)).toBe('done');
  });

  it('counts a file once, however many names it has', async () => {
    await guest.put('f', 'x'.repeat(600));
    await guest.ask('link', { ...guest.at('f'), follow: false, to: guest.at('g') });
    await guest.ask('unlink-file', guest.at('f'));
    expect(await write(await guest.open('h', create), 0n, 401)).toBe('quota');
    await guest.ask('unlink-file', guest.at('g'));
    expect(await write(await guest.open('h', create), 0n, 1_000)).toBe('done');
  });

  it('of entries counts files, folders and links, and gives them back', async () => {
    await guest.put('f', '');
    await guest.ask('create-directory', guest.at('d'));
    await guest.ask('symlink', { ...guest.at('d/l'), target: '../f' });
    await guest.ask('link', { ...guest.at('f'), follow: false, to: guest.at('g') });
    await guest.put('d/h', '');
    expect(await guest.openCode('i', create)).toBe('quota');
    expect(await guest.code('create-directory', guest.at('i'))).toBe('quota');
    expect(await guest.code('symlink', { ...guest.at('i'), target: 'f' })).toBe('quota');
    const link = { ...guest.at('f'), follow: false, to: guest.at('i') };
    expect(await guest.code('link', link)).toBe('quota');
    expect(readdirSync(folder.path).sort()).toEqual(['d', 'f', 'g']);
    await guest.ask('unlink-file', guest.at('d/l'));
    expect(await guest.openCode('i', create)).toBe('done');
    await guest.ask('rename', { ...guest.at('i'), to: guest.at('f') });
    expect(await guest.openCode('i', create)).toBe('done');
    expect(await guest.openCode('j', create)).toBe('quota');
  });

  it('counts what lay there before', async () => {
    for (const name of ['a', 'b', 'c', 'd']) writeFileSync(join(folder.path, name), 'x'.repeat(200));
    const handle = await guest.open('e', create);
    expect(await write(handle, 0n, 201)).toBe('quota');
    expect(await write(handle, 0n, 200)).toBe('done');
    expect(await guest.openCode('f', create)).toBe('quota');
  });

  it('does not follow links while it counts', async () => {
    symlinkSync('/usr', join(folder.path, 'usr'));
    expect(await guest.openCode('f', create)).toBe('done');
  });

  it('is shared by calls at the same time, which together get no more', async () => {
    const shared = new SharedFiles();
    const calls = await Promise.all(Array.from({ length: 4 }, () => again({ shared })));
    const done = await Promise.all(
      calls.map(async (call, n) => {
        const handle = await call.open(`f${n}`, create).catch(() => undefined);
        if (handle === undefined) return 0;
        let written = 0;
        for (let tries = 0; tries < 10; tries++) {
          const code = await call.code('append', { handle, bytes: block(90) });
          if (code === 'done') written += 90;
        }
        return written;
      }),
    );
    expect(done.reduce((sum, written) => sum + written)).toBe(990);
    const sizes = readdirSync(folder.path).map((name) => statSync(join(folder.path, name)).size);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(990);
    await Promise.all(calls.map(({ service }) => service.close()));
  });

  it('holds after thousands of random operations: what is counted is what lies there', async () => {
    const roomy = { bytes: 20_000, entries: 12 };
    const shared = new SharedFiles();
    const random = (below: number) => Math.floor(Math.random() * below);
    for (let round = 0; round < 10; round++) {
      const call = await GuestFiles.over(folder.path, { quota: roomy, shared });
      const path = () => ['a', 'b', 'c', 'd/a', 'd/b', 'd', 'e'][random(7)] as string;
      const handles: number[] = [];
      for (let step = 0; step < 150; step++) {
        const handle = handles[random(handles.length)] ?? 0;
        const to = call.at(path());
        switch (random(9)) {
          case 0:
            await call.open(path(), create).then(
              (opened) => handles.push(opened),
              () => undefined,
            );
            break;
          case 1:
            await call.code('write', { handle, offset: BigInt(random(5_000)), bytes: block(random(3_000)) });
            break;
          case 2:
            await call.code('append', { handle, bytes: block(random(3_000)) });
            break;
          case 3:
            await call.code('set-size', { handle, size: BigInt(random(9_000)) });
            break;
          case 4:
            await call.code(random(2) === 0 ? 'unlink-file' : 'remove-directory', call.at(path()));
            break;
          case 5:
            await call.code('rename', { ...call.at(path()), to });
            break;
          case 6:
            await call.code('link', { ...call.at(path()), follow: false, to });
            break;
          case 7:
            await call.code('create-directory', call.at(path()));
            break;
          default:
            await call.code('close', { handle });
        }
      }
      await call.service.close();
      const { bytes, entries } = await laidOut(folder.path);
      expect(bytes).toBeLessThanOrEqual(roomy.bytes);
      expect(entries).toBeLessThanOrEqual(roomy.entries);
      await expectExactlyLeft(folder.path, shared, {
        bytes: roomy.bytes - bytes,
        entries: roomy.entries - entries,
      });
    }

    /** The ledger of `shared` lets in what is left and not one byte or entry more. */
    async function expectExactlyLeft(
      path: string,
      sharing: SharedFiles,
      left: { readonly bytes: number; readonly entries: number },
    ): Promise<void> {
      const probe = await GuestFiles.over(path, {
        quota: { bytes: roomy.bytes, entries: roomy.entries + 1 },
        shared: sharing,
      });
      const handle = await probe.open('probe', create);
      expect(await probe.code('set-size', { handle, size: BigInt(left.bytes + 1) })).toBe('quota');
      expect(await probe.code('set-size', { handle, size: BigInt(left.bytes) })).toBe('done');
      for (let n = 0; n < left.entries; n++) expect(await probe.openCode(`p${n}`, create)).toBe('done');
      expect(await probe.openCode('one-more', create)).toBe('quota');
      for (const name of ['probe', ...Array.from({ length: left.entries }, (_, n) => `p${n}`)]) {
        await probe.ask('unlink-file', probe.at(name));
      }
      await probe.service.close();
    }
  });

  async function laidOut(path: string): Promise<{ bytes: number; entries: number }> {
    const inodes = new Map<number, number>();
    const entries = readdirSync(path, { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const { ino, size } = statSync(join(entry.parentPath, entry.name));
      inodes.set(ino, size);
    }
    return { bytes: [...inodes.values()].reduce((sum, size) => sum + size, 0), entries: entries.length };
  }
});

describe('bounds without a quota', () => {
  let folder: ReturnType<typeof scratchFolder>;
  beforeEach(() => {
    folder = scratchFolder();
  });
  afterEach(() => folder.remove());

  it('hold for the size of a file', async () => {
    const guest = await GuestFiles.over(folder.path, { limits: { maxFileBytes: 100 } });
    const handle = await guest.open('f', create);
    expect(await guest.code('set-size', { handle, size: 1n << 40n })).toBe('file-too-large');
    expect(await guest.code('write', { handle, offset: 1n << 62n, bytes: block(1) })).toBe('file-too-large');
    expect(await guest.code('write', { handle, offset: 0n, bytes: block(100) })).toBe('done');
    expect(await guest.code('append', { handle, bytes: block(1) })).toBe('file-too-large');
    await guest.service.close();
    expect(readFileSync(join(folder.path, 'f'))).toHaveLength(100);
  });

  it('hold for open handles, listings included; closing makes room', async () => {
    const guest = await GuestFiles.over(folder.path, { limits: { maxOpen: 4 } });
    await guest.put('f', '');
    const handles = [await guest.open('f'), await guest.open('.')];
    await guest.ask('read-directory', { handle: guest.dir });
    expect(await guest.openCode('f')).toBe('insufficient-memory');
    expect(await guest.openCode('g', create)).toBe('insufficient-memory');
    expect(await guest.code('read-directory', { handle: guest.dir })).toBe('insufficient-memory');
    expect(readdirSync(folder.path)).toEqual(['f']);
    await guest.ask('close', { handle: handles[0] as number });
    expect(await guest.openCode('f')).toBe('done');
    await guest.service.close();
  });

  it('hold for the handles of all calls together, and end with the call', async () => {
    const shared = new SharedFiles(3);
    const one = await GuestFiles.over(folder.path, { shared });
    await one.open('.');
    const two = await GuestFiles.over(folder.path, { shared });
    expect(await two.openCode('.')).toBe('insufficient-memory');
    await one.service.close();
    expect(await two.openCode('.')).toBe('done');
    await two.service.close();
  });

  it.runIf(process.platform === 'linux')('leave no descriptor open after a call', async () => {
    const count = () => readdirSync('/proc/self/fd').length;
    const before = count();
    for (let n = 0; n < 20; n++) {
      const guest = await GuestFiles.over(folder.path);
      await guest.put('f', 'x');
      await guest.ask('append', { handle: await guest.open('f', { write: true }), bytes: block(1) });
      await guest.open('.');
      await guest.ask('read-directory', { handle: guest.dir });
      await guest.openCode('none');
      await guest.openCode('../x');
      await guest.service.close();
    }
    expect(count()).toBeLessThan(before + 5);
  });

  it('hold for the length of paths, also along held folders and by renaming', async () => {
    const guest = await GuestFiles.over(folder.path, {
      limits: { maxPathBytes: 100 },
      quota: { bytes: 1_000, entries: 1_000 },
    });
    const descend = async (): Promise<string> => {
      let dir = guest.dir;
      for (let depth = 0; depth < 20; depth++) {
        const code = await guest.code('create-directory', guest.at('ten-bytes-', dir));
        if (code !== 'done') return `${code} at ${depth}`;
        dir = await guest.open('ten-bytes-', {}, dir);
      }
      return 'no end';
    };
    expect(await descend()).toBe('name-too-long at 9');
    await guest.ask('create-directory', guest.at('other'));
    const move = { ...guest.at('ten-bytes-'), to: guest.at('other/ten-bytes-') };
    expect(await guest.code('rename', move)).toBe('name-too-long');
    await guest.service.close();
  });
});
