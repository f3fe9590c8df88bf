import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GuestFiles, scratchFolder } from './fixtures/guest-files.ts';
import { holdLinuxRoot } from './linux-held.ts';
import { holdPortableRoot } from './portable-held.ts';

const platforms = [
  { name: 'portable', holdRoot: holdPortableRoot },
  ...(process.platform === 'linux' ? [{ name: 'linux', holdRoot: holdLinuxRoot }] : []),
];

/** A folder with the granted one in it, and beside that what nobody may reach. */
describe.each(platforms)('ways out of a mount, the $name way', ({ holdRoot }) => {
  let folder: ReturnType<typeof scratchFolder>;
  let guest: GuestFiles;
  const inside = (path = '') => join(folder.path, 'granted', path);
  const outside = (path = '') => join(folder.path, 'outside', path);

  beforeEach(async () => {
    folder = scratchFolder();
    mkdirSync(inside());
    mkdirSync(outside());
    mkdirSync(inside('dir'));
    writeFileSync(inside('file'), 'inside');
    writeFileSync(outside('secret'), 'outside');
    guest = await GuestFiles.over(inside(), { holdRoot });
  });
  afterEach(async () => {
    await guest.service.close();
    expect(readdirSync(outside())).toEqual(['secret']);
    expect(readFileSync(outside('secret'), 'utf8')).toBe('outside');
    folder.remove();
  });

  /** Every request that takes a path, with this path. */
  async function everyCode(path: string): Promise<ReadonlySet<string>> {
    const at = guest.at(path);
    const spare = guest.at('spare');
    const times = { access: { tag: 'now' }, modification: { tag: 'now' } } as const;
    return new Set([
      await guest.openCode(path),
      await guest.openCode(path, { follow: false }),
      await guest.openCode(path, { create: true, write: true }),
      await guest.openCode(path, { directory: true }),
      await guest.code('stat-at', { ...at, follow: true }),
      await guest.code('stat-at', { ...at, follow: false }),
      await guest.code('metadata-hash-at', { ...at, follow: true }),
      await guest.code('set-times-at', { ...at, follow: true, ...times }),
      await guest.code('readlink', at),
      await guest.code('create-directory', at),
      await guest.code('remove-directory', at),
      await guest.code('unlink-file', at),
      await guest.code('rename', { ...at, to: spare }),
      await guest.code('rename', { ...guest.at('file'), to: at }),
      await guest.code('link', { ...at, follow: false, to: spare }),
      await guest.code('link', { ...guest.at('file'), follow: false, to: at }),
      await guest.code('symlink', { ...at, target: 'file' }),
    ]);
  }

  describe('row 1: spellings of ..', () => {
    it.each([
      '../outside/secret',
      '..//outside/secret',
      './../outside/secret',
      'dir/../../outside/secret',
      'dir/./..//.././outside/secret',
      'dir/../dir/../../outside/secret',
      '../granted/file',
      '../../../../../../../../etc/passwd',
      '/etc/passwd',
      '//etc/passwd',
      '/',
      '/../outside/secret',
    ])('%j is not permitted, whatever is asked for', async (path) => {
      expect(await everyCode(path)).toEqual(new Set(['not-permitted']));
      expect(guest.refusals.length).toBeGreaterThan(0);
      expect(guest.refusals.join()).not.toContain(folder.path);
    });

    it.each(['..', 'dir/../..', '../', '..//'])('%j is not permitted', async (path) => {
      expect(await guest.openCode(path)).toBe('not-permitted');
      expect(await guest.code('remove-directory', guest.at(path))).toBe('not-permitted');
    });

    it.each([
      '..\\outside\\secret',
      '%2e%2e/outside/secret',
      '..%2foutside/secret',
      '.../outside/secret',
      '.. /outside/secret',
      '..\u200b/outside/secret',
      '\u2024\u2024/outside/secret',
      '\uff0e\uff0e/outside/secret',
      '..\u2215outside\u2215secret',
      '..\u00a0/outside/secret',
    ])('%j is a name like any other', async (path) => {
      expect(await guest.openCode(path)).toBe(process.platform === 'win32' ? 'not-permitted' : 'no-entry');
    });

    it.each([
      ['NUL', 'file\0', 'invalid'],
      ['NUL after dots', '..\0/outside/secret', 'invalid'],
      ['half a surrogate pair', 'fi\ud800le', 'illegal-byte-sequence'],
      ['64 kB of names', 'a/'.repeat(32_768), 'name-too-long'],
      ['64 kB of dots', '../'.repeat(21_846), 'name-too-long'],
      ['64 kB of one name', 'a'.repeat(65_536), 'name-too-long'],
      ['4 kB of back and forth', `${'dir/../'.repeat(580)}file`, 'name-too-long'],
    ])('%s is refused', async (_what, path, code) => {
      expect(await guest.openCode(path)).toBe(code);
    });

    it('normal forms are different names', async () => {
      writeFileSync(inside('caf\u00e9'), 'composed');
      const decomposed = await guest.textOrCode('cafe\u0301');
      expect(decomposed).toBe(process.platform === 'linux' ? 'no-entry' : 'composed');
    });
  });

  describe('row 2: links', () => {
    const targets = ['/etc/passwd', '../outside/secret', 'dir/../../outside/secret'];

    it.each(targets)('that were there, to %s, are not followed', async (target) => {
      symlinkSync(target, inside('link'));
      symlinkSync('link', inside('to-link'));
      for (const path of ['link', 'to-link']) {
        expect(await guest.openCode(path)).toBe('not-permitted');
        expect(await guest.openCode(path, { create: true, write: true, truncate: true })).toBe(
          'not-permitted',
        );
        expect(await guest.code('stat-at', { ...guest.at(path), follow: true })).toBe('not-permitted');
      }
    });

    it.each(['/etc', '../outside', '..', '/', 'dir/../..'])(
      'that were there, to %s, are not gone through',
      async (target) => {
        symlinkSync(target, inside('link'));
        symlinkSync('link/', inside('to-link'));
        for (const path of ['link/secret', 'to-link/secret', 'dir/../link/secret', 'link/']) {
          expect(await guest.openCode(path)).toBe('not-permitted');
          expect(await guest.openCode(path, { follow: false })).toBe('not-permitted');
        }
        expect(await guest.code('unlink-file', guest.at('link/secret'))).toBe('not-permitted');
        expect(await guest.code('create-directory', guest.at('link/new'))).toBe('not-permitted');
        expect(await guest.code('rename', { ...guest.at('file'), to: guest.at('link/new') })).toBe(
          'not-permitted',
        );
      },
    );

    it('can be followed by a host that goes by path', () => {
      symlinkSync('../outside/secret', inside('link'));
      expect(readFileSync(inside('link'), 'utf8')).toBe('outside');
    });

    it.each([...targets, '..', 'dir/../..', 'a/b/../../..', './../x'])(
      'out, to %s, are not made by a guest',
      async (target) => {
        expect(await guest.code('symlink', { ...guest.at('link'), target })).toBe('not-permitted');
        expect(readdirSync(inside()).sort()).toEqual(['dir', 'file']);
      },
    );

    it('that stay inside only where they are can not be moved or linked to where they lead out', async () => {
      await guest.ask('symlink', { ...guest.at('dir/link'), target: '../file' });
      const [from, to] = [guest.at('dir/link'), guest.at('link')];
      expect(await guest.code('rename', { ...from, to })).toBe('not-permitted');
      expect(await guest.code('link', { ...from, follow: false, to })).toBe('not-permitted');
      expect(await guest.text('dir/link')).toBe('inside');
    });

    it('can not be carried to where they lead out by moving the folders around them', async () => {
      await guest.ask('create-directory', guest.at('dir/a'));
      await guest.ask('create-directory', guest.at('dir/a/b'));
      await guest.ask('symlink', { ...guest.at('dir/a/b/link'), target: '../../../file' });
      const move = (from: string, to: string) =>
        guest.code('rename', { ...guest.at(from), to: guest.at(to) });
      expect(await move('dir/a', 'a')).toBe('not-permitted');
      expect(await move('dir/a/b', 'b')).toBe('not-permitted');
      expect(await move('dir', 'other')).toBe('done');
      await guest.ask('create-directory', guest.at('deep'));
      expect(await move('other', 'deep/er')).toBe('done');
      expect(await move('deep/er/a', 'a-again')).toBe('not-permitted');
      expect(await move('deep/er/a', 'deep/a')).toBe('done');
      expect(await guest.textOrCode('deep/a/b/link')).toBe('inside');
    });

    it('do not lead above the folder that a path begins in', async () => {
      await guest.ask('symlink', { ...guest.at('dir/up'), target: '../file' });
      expect(await guest.text('dir/up')).toBe('inside');
      const dir = await guest.open('dir');
      expect(await guest.openCode('up', {}, dir)).toBe('not-permitted');
    });

    it('in a loop end as one', async () => {
      symlinkSync('b', inside('a'));
      symlinkSync('a', inside('b'));
      symlinkSync('self/self', inside('self'));
      for (const path of ['a', 'b/x', 'self', 'self/self/x']) expect(await guest.openCode(path)).toBe('loop');
    });

    it('of 40 in a row are followed, of 41 not', async () => {
      symlinkSync('file', inside('l1'));
      for (let n = 2; n <= 41; n++) symlinkSync(`l${n - 1}`, inside(`l${n}`));
      expect(await guest.text('l40')).toBe('inside');
      expect(await guest.openCode('l41')).toBe('loop');
    });

    it('that multiply what there is to look up end soon', async () => {
      symlinkSync('.', inside('dot'));
      symlinkSync('dot/'.repeat(1_000), inside('wide'));
      expect(await guest.openCode('wide/wide/wide/file')).toBe('loop');
      symlinkSync('dir/../'.repeat(580), inside('long'));
      expect(await guest.openCode('long/long/long/file')).toBe('name-too-long');
    });

    it('out of a mount are not told', async () => {
      symlinkSync('/etc/passwd', inside('link'));
      expect(await guest.code('readlink', guest.at('link'))).toBe('not-permitted');
      expect(await guest.code('stat-at', { ...guest.at('link'), follow: false })).toBe('done');
    });
  });

  describe('row 3: between mounts', () => {
    it('nothing is renamed or linked, nor out of or into a read-only one', async () => {
      mkdirSync(join(folder.path, 'other'));
      mkdirSync(join(folder.path, 'fixed'));
      writeFileSync(join(folder.path, 'fixed', 'f'), 'fixed');
      const mount = (name: string, access: 'read-only' | 'read-write') => ({
        guestPath: `/${name}`,
        hostPath: join(folder.path, name),
        access,
      });
      const several = await GuestFiles.overMounts(
        [mount('granted', 'read-write'), mount('other', 'read-write'), mount('fixed', 'read-only')],
        { holdRoot },
      );
      const [granted = 0, other = 0, fixed = 0] = [1, 2, 3];
      const both = async (from: readonly [number, string], to: readonly [number, string]) => {
        const args = { handle: from[0], path: from[1], to: { handle: to[0], path: to[1] } };
        return [await several.code('rename', args), await several.code('link', { ...args, follow: false })];
      };
      expect(await both([granted, 'file'], [other, 'f'])).toEqual(['cross-device', 'cross-device']);
      expect(await both([fixed, 'f'], [granted, 'f'])).toEqual(['read-only', 'read-only']);
      expect(await both([granted, 'file'], [fixed, 'g'])).toEqual(['read-only', 'read-only']);
      await several.service.close();
      expect(readdirSync(join(folder.path, 'other'))).toEqual([]);
      expect(readdirSync(join(folder.path, 'fixed'))).toEqual(['f']);
    });
  });

  describe.runIf(process.platform !== 'win32')('row 6: what is no file', () => {
    it('is not opened, linked or waited for: fifos and sockets', async () => {
      execFileSync('mkfifo', [inside('fifo')]);
      const server = createServer().listen(inside('socket'));
      await new Promise((resolve) => server.once('listening', resolve));
      try {
        for (const path of ['fifo', 'socket']) {
          expect(await guest.openCode(path)).toBe('not-permitted');
          expect(await guest.openCode(path, { write: true })).toBe('not-permitted');
          expect(await guest.openCode(path, { create: true, truncate: true })).toBe('not-permitted');
          const link = { ...guest.at(path), follow: false, to: guest.at('second') };
          expect(await guest.code('link', link)).toBe('not-permitted');
        }
        const stat = await guest.ask('stat-at', { ...guest.at('fifo'), follow: true });
        expect(stat.type).toBe('fifo');
      } finally {
        server.close();
      }
    });

    it('does not block the host: four calls at one fifo (row 46)', async () => {
      execFileSync('mkfifo', [inside('fifo')]);
      const calls = await Promise.all(
        Array.from({ length: 8 }, () => GuestFiles.over(inside(), { holdRoot })),
      );
      const codes = await Promise.all(calls.map((call) => call.openCode('fifo')));
      expect(new Set(codes)).toEqual(new Set(['not-permitted']));
      await Promise.all(calls.map(({ service }) => service.close()));
    });

    it('is not opened even if a folder of them was granted', async () => {
      const devices = await GuestFiles.over('/dev', { holdRoot });
      for (const path of ['null', 'zero', 'tty', 'random']) {
        expect(await devices.openCode(path)).toBe('not-permitted');
        expect(await devices.openCode(path, { write: true })).toBe('not-permitted');
      }
      await devices.service.close();
    });
  });

  it.runIf(process.platform === 'linux')('row 6: links of /proc lead nowhere', async () => {
    const proc = await GuestFiles.over('/proc', { holdRoot, access: 'read-only' });
    for (const path of ['self/root/etc/passwd', 'self/cwd/package.json', 'self/fd/0', 'self/exe']) {
      expect(await proc.openCode(path)).toMatch(/^(?:not-permitted|no-entry)$/);
    }
    await proc.service.close();
  });

  describe('row 8 and 46: held descriptors', () => {
    it('do not turn into what replaces their folder', async () => {
      await guest.ask('create-directory', guest.at('d'));
      const held = await guest.open('d');
      await guest.ask('remove-directory', guest.at('d'));
      symlinkSync('../outside', inside('d'));
      expect(await guest.textOrCode('secret', held)).toBe('no-entry');
      expect(await guest.openCode('new', { create: true, write: true }, held)).toBe('no-entry');
      expect(await guest.code('create-directory', guest.at('new', held))).toBe('no-entry');
      expect(await guest.code('unlink-file', guest.at('secret', held))).toBe('no-entry');
      expect(await guest.names(held).catch(() => [])).toEqual([]);
    });

    it('would, on a host that remembers the path', async () => {
      const path = inside('d');
      mkdirSync(path);
      rmdirSync(path);
      symlinkSync('../outside', path);
      expect(readFileSync(join(path, 'secret'), 'utf8')).toBe('outside');
    });

    it('do not write in a folder that was moved out of the mount', async () => {
      const held = await guest.open('dir');
      renameSync(inside('dir'), join(folder.path, 'moved'));
      expect(await guest.openCode('new', { create: true, write: true }, held)).toBe('no-entry');
      expect(readdirSync(join(folder.path, 'moved'))).toEqual([]);
    });

    it('do not reach the folder beside theirs', async () => {
      mkdirSync(inside('mine'));
      mkdirSync(inside('theirs'));
      writeFileSync(inside('theirs/secret'), '');
      const mine = await GuestFiles.over(inside('mine'), { holdRoot });
      expect(await mine.openCode('../theirs/secret')).toBe('not-permitted');
      expect(await mine.openCode('../theirs')).toBe('not-permitted');
      await mine.service.close();
    });
  });

  it('a mount whose folder is gone is left out, and that is told', async () => {
    const none = await GuestFiles.over(join(folder.path, 'none'), { holdRoot });
    expect(none.dir).toBe(0);
    expect(none.refusals).toEqual(["file-system: /data (the folder behind it can't be opened)"]);
    expect(await none.openCode('file')).toBe('bad-descriptor');
    expect(existsSync(join(folder.path, 'none'))).toBe(false);
    await none.service.close();
  });
});

describe.runIf(process.platform === 'linux')('what waits when it is opened', () => {
  it('is a fifo, for a host that opens before it looks', async () => {
    const folder = scratchFolder();
    const fifo = join(folder.path, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const waiting = open(fifo, 'r');
    const first = await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 100, 'waits'))]);
    expect(first).toBe('waits');
    const writer = await open(fifo, 'w');
    await (await waiting).close();
    await writer.close();
    folder.remove();
  });
});
