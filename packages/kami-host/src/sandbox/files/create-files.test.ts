import { existsSync, linkSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GuestFiles, scratchFolder } from './fixtures/guest-files.ts';
import { holdLinuxRoot } from './linux-held.ts';
import { holdPortableRoot } from './portable-held.ts';

const platforms = [
  { name: 'portable', holdRoot: holdPortableRoot },
  ...(process.platform === 'linux' ? [{ name: 'linux', holdRoot: holdLinuxRoot }] : []),
];
const bytes = (text: string) => new TextEncoder().encode(text);
const create = { create: true, write: true };

describe.each(platforms)('files, the $name way', ({ holdRoot }) => {
  let folder: ReturnType<typeof scratchFolder>;
  let guest: GuestFiles;
  const host = (path: string) => join(folder.path, path);

  beforeEach(async () => {
    folder = scratchFolder();
    guest = await GuestFiles.over(folder.path, { holdRoot });
  });
  afterEach(async () => {
    await guest.service.close();
    folder.remove();
  });

  describe('open', () => {
    beforeEach(() => {
      writeFileSync(host('file'), 'content');
      mkdirSync(host('dir'));
      symlinkSync('file', host('to-file'));
      symlinkSync('dir', host('to-dir'));
      symlinkSync('nothing', host('dangling'));
    });

    it.each([
      ['a file', 'file', {}, 'done'],
      ['a file as a folder', 'file', { directory: true }, 'not-directory'],
      ['a file with a slash behind', 'file/', {}, 'not-directory'],
      ['a folder', 'dir', {}, 'done'],
      ['a folder as a folder', 'dir', { directory: true }, 'done'],
      ['a folder with slashes behind', 'dir///', {}, 'done'],
      ['a folder for writing', 'dir', { write: true }, 'is-directory'],
      ['a folder to be cut', 'dir', { truncate: true }, 'is-directory'],
      ['a folder to be created as a file', 'dir', { create: true }, 'is-directory'],
      ['nothing', 'nothing', {}, 'no-entry'],
      ['nothing in nothing', 'nothing/at/all', {}, 'no-entry'],
      ['nothing in nothing, to be created', 'nothing/at', create, 'no-entry'],
      ['something in a file', 'file/x', {}, 'not-directory'],
      ['a new file', 'new', create, 'done'],
      ['a new file with a slash behind', 'new/', create, 'is-directory'],
      ['a new file for reading only', 'new', { create: true }, 'done'],
      ['a new folder', 'new', { create: true, directory: true }, 'invalid'],
      ['a file that must be new', 'new', { ...create, exclusive: true }, 'done'],
      ['a file that must be new and is not', 'file', { ...create, exclusive: true }, 'exist'],
      ['a link that must be new and is not', 'dangling', { ...create, exclusive: true }, 'exist'],
      ['a link', 'to-file', {}, 'done'],
      ['a link, not followed', 'to-file', { follow: false }, 'loop'],
      ['a link as a folder, not followed', 'to-dir', { follow: false, directory: true }, 'not-directory'],
      ['a link to a folder, with a slash behind', 'to-dir/', { follow: false }, 'done'],
      ['a link to a file, with a slash behind', 'to-file/', { follow: false }, 'not-directory'],
      ['a link to nothing', 'dangling', {}, 'no-entry'],
      ['a link to nothing, not followed', 'dangling', { follow: false }, 'loop'],
      ['the folder itself', '.', {}, 'done'],
      ['the folder itself, from within', 'dir/..', {}, 'done'],
      ['through the folder and back', 'dir/.//../dir/../file', {}, 'done'],
      ['nothing at all', '', {}, 'no-entry'],
    ] as const)('of %s: %s', async (_what, path, options, code) => {
      expect(await guest.openCode(path, options)).toBe(code);
    });

    it('creates what a dangling link names', async () => {
      await guest.put('dangling', 'made');
      expect(readFileSync(host('nothing'), 'utf8')).toBe('made');
    });

    it('cuts a file only when asked to', async () => {
      await guest.openCode('file', { write: true });
      expect(readFileSync(host('file'), 'utf8')).toBe('content');
      await guest.openCode('file', { read: true, truncate: true });
      expect(readFileSync(host('file'), 'utf8')).toBe('');
    });

    it.runIf(holdRoot === holdLinuxRoot)('holds what was opened, whatever becomes of its name', async () => {
      const handle = await guest.open('file', { write: true });
      await guest.ask('unlink-file', guest.at('file'));
      await guest.ask('write', { handle, offset: 0n, bytes: bytes('C') });
      const read = await guest.ask('read', { handle, offset: 0n, length: 100n });
      expect(new TextDecoder().decode(read.bytes)).toBe('Content');
      expect((await guest.ask('stat', { handle })).linkCount).toBe(0n);
    });
  });

  describe('data', () => {
    it('is written and read at any offset, with zeros in between', async () => {
      const handle = await guest.open('f', create);
      await guest.ask('write', { handle, offset: 2n, bytes: bytes('ab') });
      const read = (offset: bigint, length: bigint) => guest.ask('read', { handle, offset, length });
      expect(await read(0n, 10n)).toEqual({ bytes: Uint8Array.of(0, 0, 97, 98), end: true });
      expect(await read(3n, 1n)).toEqual({ bytes: Uint8Array.of(98), end: false });
      expect(await read(4n, 1n)).toEqual({ bytes: new Uint8Array(0), end: true });
      expect(await read((1n << 63n) - 1n, 1n)).toEqual({ bytes: new Uint8Array(0), end: true });
      expect(await guest.code('read', { handle, offset: 1n << 63n, length: 1n })).toBe('invalid');
      expect(await read(0n, 0n)).toEqual({ bytes: new Uint8Array(0), end: false });
    });

    it('is appended after what another descriptor wrote', async () => {
      const [one, two] = [await guest.open('f', create), await guest.open('f', { write: true })];
      await guest.ask('append', { handle: one, bytes: bytes('one ') });
      await guest.ask('write', { handle: two, offset: 4n, bytes: bytes('two ') });
      await guest.ask('append', { handle: one, bytes: bytes('three') });
      expect(readFileSync(host('f'), 'utf8')).toBe('one two three');
    });

    it('is cut and extended', async () => {
      writeFileSync(host('f'), 'content');
      const handle = await guest.open('f', { write: true });
      await guest.ask('set-size', { handle, size: 3n });
      await guest.ask('set-size', { handle, size: 5n });
      expect([...readFileSync(host('f'))]).toEqual([...bytes('con'), 0, 0]);
      await guest.ask('sync', { handle, dataOnly: true });
      await guest.ask('sync', { handle, dataOnly: false });
    });

    it('needs a descriptor that was opened for it', async () => {
      writeFileSync(host('f'), 'content');
      const reader = await guest.open('f');
      const writer = await guest.open('f', { read: false, write: true });
      const at = { offset: 0n, bytes: bytes('x') };
      expect(await guest.code('write', { handle: reader, ...at })).toBe('bad-descriptor');
      expect(await guest.code('append', { handle: reader, bytes: at.bytes })).toBe('bad-descriptor');
      expect(await guest.code('set-size', { handle: reader, size: 0n })).toBe('bad-descriptor');
      expect(await guest.code('read', { handle: writer, offset: 0n, length: 1n })).toBe('bad-descriptor');
      expect(await guest.code('read', { handle: guest.dir, offset: 0n, length: 1n })).toBe('is-directory');
      expect(await guest.code('write', { handle: guest.dir, ...at })).toBe('bad-descriptor');
      expect(readFileSync(host('f'), 'utf8')).toBe('content');
    });
  });

  describe('folders', () => {
    it('are made, listed and removed', async () => {
      await guest.ask('create-directory', guest.at('a'));
      await guest.ask('create-directory', guest.at('a/b/'));
      await guest.put('a/f', '');
      symlinkSync('f', host('a/l'));
      const a = await guest.open('a', { directory: true });
      expect(await guest.names(a)).toEqual(['b', 'f', 'l']);
      expect(await guest.code('remove-directory', guest.at('a'))).toBe('not-empty');
      await guest.ask('remove-directory', guest.at('b', a));
      await guest.ask('unlink-file', guest.at('f', a));
      await guest.ask('unlink-file', guest.at('l', a));
      await guest.ask('remove-directory', guest.at('a/'));
      expect(existsSync(host('a'))).toBe(false);
    });

    it('are listed with types, whole, however many entries they have', async () => {
      for (let n = 0; n < 300; n++) writeFileSync(host(`f${n}`), '');
      mkdirSync(host('sub'));
      symlinkSync('sub', host('link'));
      const listing = await guest.ask('read-directory', { handle: guest.dir });
      const types = new Map<string | undefined, string>();
      for (let more = true; more; ) {
        const entries = await guest.ask('next-entries', { handle: listing });
        for (const { name, type } of entries) types.set(name, type);
        more = entries.length > 0;
      }
      expect(types.size).toBe(302);
      expect([types.get('f299'), types.get('sub'), types.get('link')]).toEqual([
        'regular-file',
        'directory',
        'symbolic-link',
      ]);
    });

    it.each([
      ['an entry', 'file', 'exist'],
      ['a link to nothing', 'dangling', 'exist'],
      ['itself', '.', 'exist'],
      ['something in nothing', 'no/thing', 'no-entry'],
      ['something in a file', 'file/x', 'not-directory'],
      ['a name that is too long', 'x'.repeat(256), 'name-too-long'],
    ])('are not made over %s', async (_what, path, code) => {
      writeFileSync(host('file'), '');
      symlinkSync('nothing', host('dangling'));
      expect(await guest.code('create-directory', guest.at(path))).toBe(code);
    });

    it.each([
      ['remove-directory', 'file', 'not-directory'],
      ['remove-directory', 'file/', 'not-directory'],
      ['remove-directory', 'link', 'not-directory'],
      ['remove-directory', 'link/', 'not-directory'],
      ['remove-directory', '.', 'invalid'],
      ['remove-directory', 'none', 'no-entry'],
      ['unlink-file', 'dir', 'is-directory'],
      ['unlink-file', 'dir/', 'is-directory'],
      ['unlink-file', 'file/', 'not-directory'],
      ['unlink-file', '.', 'is-directory'],
      ['unlink-file', 'none', 'no-entry'],
      ['readlink', 'file', 'invalid'],
      ['readlink', 'none', 'no-entry'],
    ] as const)('%s of %s: %s', async (method, path, code) => {
      writeFileSync(host('file'), '');
      mkdirSync(host('dir'));
      symlinkSync('dir', host('link'));
      expect(await guest.code(method, guest.at(path))).toBe(code);
      expect(existsSync(host('link')) && existsSync(host('file'))).toBe(true);
    });
  });

  describe('rename', () => {
    const rename = (from: string, to: string) =>
      guest.code('rename', { ...guest.at(from), to: guest.at(to) });

    beforeEach(() => {
      writeFileSync(host('file'), 'file');
      writeFileSync(host('other'), 'other');
      for (const dir of ['empty', 'full', 'dir']) mkdirSync(host(dir));
      writeFileSync(host('full/x'), '');
      writeFileSync(host('dir/y'), '');
    });

    it.each([
      ['file', 'new', 'done'],
      ['file', 'other', 'done'],
      ['file', 'file', 'done'],
      ['file', 'empty', 'is-directory'],
      ['file', 'full/x', 'done'],
      ['file', 'new/', 'not-directory'],
      ['file/', 'new', 'not-directory'],
      ['dir', 'new', 'done'],
      ['dir', 'new/', 'done'],
      ['dir/', 'new', 'done'],
      ['dir', 'empty', 'done'],
      ['dir', 'full', 'not-empty'],
      ['dir', 'file', 'not-directory'],
      ['dir', 'dir/sub', 'invalid'],
      ['dir', 'dir', 'done'],
      ['.', 'new', 'invalid'],
      ['dir', '.', 'invalid'],
      ['none', 'new', 'no-entry'],
      ['file', 'none/new', 'no-entry'],
    ])('of %s to %s: %s', async (from, to, code) => {
      expect(await rename(from, to)).toBe(code);
    });

    it('replaces what was there, and moves folders with what is in them', async () => {
      await rename('file', 'other');
      expect([existsSync(host('file')), readFileSync(host('other'), 'utf8')]).toEqual([false, 'file']);
      await rename('dir', 'empty');
      expect(existsSync(host('empty/y'))).toBe(true);
    });

    it('moves a link, not what it leads to', async () => {
      symlinkSync('file', host('link'));
      expect(await rename('link', 'moved')).toBe('done');
      expect(await guest.ask('readlink', guest.at('moved'))).toBe('file');
      expect(existsSync(host('file'))).toBe(true);
    });
  });

  describe('links', () => {
    const link = (from: string, to: string, follow = false) =>
      guest.code('link', { ...guest.at(from), follow, to: guest.at(to) });
    const symlink = (target: string, path: string) => guest.code('symlink', { ...guest.at(path), target });

    beforeEach(() => {
      writeFileSync(host('file'), 'file');
      mkdirSync(host('dir'));
    });

    it('are made, read and followed', async () => {
      expect(await symlink('.//file', 'link')).toBe('done');
      expect(await guest.ask('readlink', guest.at('link'))).toBe('.//file');
      expect(await guest.text('link')).toBe('file');
      expect(await symlink('../file', 'dir/up')).toBe('done');
      expect(await guest.text('dir/up')).toBe('file');
    });

    it('are not made to go back from a name, which may be a link to less far down', async () => {
      expect(await symlink('.', 'here')).toBe('done');
      expect(await symlink('here/..', 'link')).toBe('not-permitted');
      expect(await symlink('../here/../file', 'dir/link')).toBe('not-permitted');
    });

    it.each([
      ['file', 'exist'],
      ['file/', 'not-directory'],
      ['dir', 'exist'],
      ['dir/', 'exist'],
      ['.', 'exist'],
      ['new/', 'no-entry'],
      ['none/new', 'no-entry'],
    ])('are not made at %s: %s', async (path, code) => {
      expect(await symlink('target', path)).toBe(code);
    });

    it('hard: two names of one file', async () => {
      expect(await link('file', 'second')).toBe('done');
      expect(statSync(host('file')).nlink).toBe(2);
      const [one, two] = [await guest.open('file'), await guest.open('second')];
      expect(await guest.ask('is-same-object', { handle: one, other: two })).toBe(true);
      expect(await guest.ask('is-same-object', { handle: one, other: guest.dir })).toBe(false);
    });

    it.each([
      ['dir', 'second', 'not-permitted'],
      ['.', 'second', 'not-permitted'],
      ['file', 'dir', 'exist'],
      ['file', 'file', 'exist'],
      ['file', 'second/', 'no-entry'],
      ['file/', 'second', 'not-directory'],
      ['none', 'second', 'no-entry'],
    ])('hard, of %s at %s: %s', async (from, to, code) => {
      expect(await link(from, to)).toBe(code);
    });

    it('hard, of a link: a second name of the link, even if it leads nowhere or to itself', async () => {
      for (const [name, target] of [
        ['dangling', 'nothing'],
        ['self', 'self'],
      ] as const) {
        await symlink(target, name);
        expect(await link(name, `${name}-2`)).toBe('done');
        expect(await guest.ask('readlink', guest.at(`${name}-2`))).toBe(target);
        expect(await link('file', name)).toBe('exist');
      }
    });

    it('hard, through a link: not offered', async () => {
      expect(await link('file', 'second', true)).toBe('invalid');
    });
  });

  describe('attributes', () => {
    it('tell type, size, names and times', async () => {
      writeFileSync(host('f'), 'four');
      linkSync(host('f'), host('g'));
      symlinkSync('f', host('l'));
      const stats = statSync(host('f'), { bigint: true });
      const time = {
        seconds: stats.mtimeNs / 1_000_000_000n,
        nanoseconds: Number(stats.mtimeNs % 1_000_000_000n),
      };
      const expected = { type: 'regular-file', size: 4n, linkCount: 2n, dataModificationTimestamp: time };
      expect(await guest.ask('stat-at', { ...guest.at('l'), follow: true })).toMatchObject(expected);
      expect(await guest.ask('stat', { handle: await guest.open('g') })).toMatchObject(expected);
      const itself = { type: 'symbolic-link', size: 1n };
      expect(await guest.ask('stat-at', { ...guest.at('l'), follow: false })).toMatchObject(itself);
      expect(await guest.ask('stat', { handle: guest.dir })).toMatchObject({ type: 'directory' });
      expect(await guest.code('stat-at', { ...guest.at('f/'), follow: false })).toBe('not-directory');
      expect(await guest.code('stat-at', { ...guest.at('none'), follow: true })).toBe('no-entry');
    });

    it('are set: of a file, a folder, a link, or none', async () => {
      writeFileSync(host('f'), '');
      mkdirSync(host('d'));
      symlinkSync('f', host('l'));
      const set = (seconds: bigint) =>
        ({
          access: { tag: 'no-change' },
          modification: { tag: 'timestamp', val: { seconds, nanoseconds: 500_000_000 } },
        }) as const;
      const seconds = async (path: string) =>
        (await guest.ask('stat-at', { ...guest.at(path), follow: false })).dataModificationTimestamp;
      await guest.ask('set-times', { handle: await guest.open('f', { write: true }), ...set(10n) });
      await guest.ask('set-times', { handle: await guest.open('d'), ...set(20n) });
      await guest.ask('set-times-at', { ...guest.at('l'), follow: false, ...set(30n) });
      expect(await seconds('f')).toEqual({ seconds: 10n, nanoseconds: 500_000_000 });
      expect(await seconds('d')).toEqual({ seconds: 20n, nanoseconds: 500_000_000 });
      expect(await seconds('l')).toEqual({ seconds: 30n, nanoseconds: 500_000_000 });
      await guest.ask('set-times-at', { ...guest.at('l'), follow: true, ...set(40n) });
      expect(await seconds('f')).toEqual({ seconds: 40n, nanoseconds: 500_000_000 });
      await guest.ask('set-times-at', { ...guest.at('.'), follow: true, ...set(50n) });
      expect(statSync(folder.path).mtimeMs).toBe(50_500);
    });

    it('hash alike for one file and differently after a change, and for another call', async () => {
      writeFileSync(host('f'), 'one');
      const hash = (of = guest) => of.ask('metadata-hash-at', { ...of.at('f'), follow: true });
      const first = await hash();
      expect(await hash()).toEqual(first);
      expect(await guest.ask('metadata-hash', { handle: await guest.open('f') })).toEqual(first);
      const other = await GuestFiles.over(folder.path, { holdRoot });
      expect(await hash(other)).not.toEqual(first);
      await other.service.close();
      writeFileSync(host('f'), 'three');
      expect(await hash()).not.toEqual(first);
    });
  });

  it('tells once what was made use of', async () => {
    await guest.put('f', '');
    await guest.put('g', '');
    expect(guest.uses).toEqual(['write /data', 'read /data']);
  });
});
