import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, GuestFiles, scratchFolder } from './fixtures/guest-files.ts';

const now = { access: { tag: 'now' }, modification: { tag: 'now' } } as const;
const bytes = new TextEncoder().encode('x');

/** Row 5. Requests come as they could from a worker that has been taken over, not only as our own would make them. */
describe('a read-only mount', () => {
  let folder: ReturnType<typeof scratchFolder>;
  let guest: GuestFiles;
  let file: number;
  let dir: number;

  beforeEach(async () => {
    folder = scratchFolder();
    writeFileSync(join(folder.path, 'file'), 'content');
    mkdirSync(join(folder.path, 'dir'));
    symlinkSync('file', join(folder.path, 'link'));
    guest = await GuestFiles.over(folder.path, { access: 'read-only' });
    file = await guest.open('file');
    dir = await guest.open('dir');
  });
  afterEach(async () => {
    await guest.service.close();
    folder.remove();
  });

  it('is read', async () => {
    expect(await guest.text('file')).toBe('content');
    expect(await guest.text('link')).toBe('content');
    expect(await guest.names()).toEqual(['dir', 'file', 'link']);
    expect(guest.uses).toEqual(['read /data']);
    expect(guest.refusals).toEqual([]);
  });

  const requests: Readonly<Record<string, () => Promise<unknown>>> = {
    'open to create': () => guest.open('new', { create: true }),
    'open to cut': () => guest.open('file', { truncate: true }),
    'open to cut through a link': () => guest.open('link', { truncate: true }),
    'open to write': () => guest.open('file', { read: false, write: true }),
    'open to change a folder': () => guest.open('dir', { mutateDirectory: true }),
    'open from a folder held before': () => guest.open('new', { create: true, write: true }, dir),
    write: () => guest.ask('write', { handle: file, offset: 0n, bytes }),
    append: () => guest.ask('append', { handle: file, bytes }),
    'set-size': () => guest.ask('set-size', { handle: file, size: 0n }),
    'set-times': () => guest.ask('set-times', { handle: file, ...now }),
    'set-times of a folder': () => guest.ask('set-times', { handle: dir, ...now }),
    'set-times-at': () => guest.ask('set-times-at', { ...guest.at('file'), follow: true, ...now }),
    'set-times-at of a link': () => guest.ask('set-times-at', { ...guest.at('link'), follow: false, ...now }),
    'unlink-file': () => guest.ask('unlink-file', guest.at('file')),
    'create-directory': () => guest.ask('create-directory', guest.at('new')),
    'create-directory in a folder held before': () => guest.ask('create-directory', guest.at('new', dir)),
    'remove-directory': () => guest.ask('remove-directory', guest.at('dir')),
    rename: () => guest.ask('rename', { ...guest.at('file'), to: guest.at('new') }),
    link: () => guest.ask('link', { ...guest.at('file'), follow: false, to: guest.at('new') }),
    symlink: () => guest.ask('symlink', { ...guest.at('new'), target: 'file' }),
  };

  it.each(Object.keys(requests))('is not changed by %s', async (name) => {
    const before = statSync(join(folder.path, 'file'), { bigint: true });
    expect(await codeOf(requests[name]?.() ?? Promise.resolve())).toBe('read-only');
    expect(readFileSync(join(folder.path, 'file'), 'utf8')).toBe('content');
    expect(statSync(join(folder.path, 'file'), { bigint: true })).toMatchObject({
      mtimeNs: before.mtimeNs,
      nlink: 1n,
    });
    expect(readdirSync(folder.path).sort()).toEqual(['dir', 'file', 'link']);
    expect(readdirSync(join(folder.path, 'dir'))).toEqual([]);
    expect(guest.refusals).toHaveLength(1);
    expect(guest.refusals[0]).toMatch(/^file-system: \S+ \/data.* \(read-only\)$/);
  });

  it('would be changed by every one of them if it could be written to', async () => {
    await guest.service.close();
    for (const name of Object.keys(requests)) {
      guest = await GuestFiles.over(folder.path);
      for (const path of ['dir/new', 'new']) {
        await guest.code('unlink-file', guest.at(path));
        await guest.code('remove-directory', guest.at(path));
      }
      await guest.put('file', 'content');
      await guest.code('create-directory', guest.at('dir'));
      file = await guest.open('file', { write: true });
      dir = await guest.open('dir');
      expect([name, await codeOf(requests[name]?.() ?? Promise.resolve())]).toEqual([name, 'done']);
      await guest.service.close();
    }
  });

  it('is not synchronised, which is no error', async () => {
    expect(await guest.code('sync', { handle: file, dataOnly: false })).toBe('done');
  });
});
