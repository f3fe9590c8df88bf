import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HostCallError } from '../host-call/protocol.ts';
import { SharedFiles } from './file-call.ts';
import type { FileMethods } from './file-methods.ts';
import { GuestFiles, scratchFolder } from './fixtures/guest-files.ts';
import { holdLinuxRoot } from './linux-held.ts';
import { parsePath } from './path-names.ts';
import { holdPortableRoot } from './portable-held.ts';

const platforms = [
  { name: 'portable', holdRoot: holdPortableRoot },
  ...(process.platform === 'linux' ? [{ name: 'linux', holdRoot: holdLinuxRoot }] : []),
];

/** Few names, so that operations meet, and all that could mean more than a name. */
const part = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('a', 'b', 'd') },
  { weight: 3, arbitrary: fc.constantFrom('..', '.', '') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'outside',
      'granted',
      'secret',
      '..\\',
      '%2e%2e',
      '.. ',
      '\0',
      '\ud800',
      'l'.repeat(256),
    ),
  },
);
/** `<outside>` stands for the absolute path of the folder that nobody may reach. */
const path = fc
  .tuple(
    fc.constantFrom('', '', '', '', '', '', '/', '<outside>/', '../outside/'),
    fc.array(part, { minLength: 1, maxLength: 4 }),
  )
  .map(([start, parts]) => start + parts.join('/'));
const target = fc.oneof(
  path,
  fc.constantFrom(
    '.',
    './',
    'a/..',
    'a/../..',
    'd/a/..',
    '..',
    '../..',
    '<outside>',
    '<outside>/secret',
    '../outside/secret',
    '/etc',
  ),
);
/** One of the handles that are open: folders and files, each counted round. */
const which = fc.nat(5);
const flag = fc.boolean();

type Step =
  /** Opens a file for reading and writing, and makes it if it is not there. */
  | { readonly ask: 'make'; readonly at: number; readonly path: string }
  | { readonly ask: 'open'; readonly at: number; readonly path: string; readonly flags: readonly boolean[] }
  | { readonly ask: 'close'; readonly file: number }
  | { readonly ask: 'write' | 'append' | 'set-size' | 'read'; readonly file: number; readonly size: number }
  | {
      readonly ask: 'unlink-file' | 'create-directory' | 'remove-directory' | 'readlink';
      readonly at: number;
      readonly path: string;
    }
  | {
      readonly ask: 'stat-at' | 'set-times-at' | 'metadata-hash-at';
      readonly at: number;
      readonly path: string;
      readonly follow: boolean;
    }
  | {
      readonly ask: 'rename' | 'link';
      readonly at: number;
      readonly path: string;
      readonly toAt: number;
      readonly to: string;
    }
  | { readonly ask: 'symlink'; readonly at: number; readonly path: string; readonly target: string }
  | { readonly ask: 'list'; readonly at: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      ask: fc.constant('open'),
      at: which,
      path,
      flags: fc.array(flag, { minLength: 7, maxLength: 7 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ ask: fc.constant('make'), at: which, path }) },
  { weight: 1, arbitrary: fc.record({ ask: fc.constant('close'), file: which }) },
  {
    weight: 3,
    arbitrary: fc.record({
      ask: fc.constantFrom('write', 'append', 'set-size', 'read'),
      file: which,
      size: fc.nat(400),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      ask: fc.constantFrom(
        'unlink-file',
        'create-directory',
        'create-directory',
        'remove-directory',
        'readlink',
      ),
      at: which,
      path,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ask: fc.constantFrom('stat-at', 'set-times-at', 'metadata-hash-at'),
      at: which,
      path,
      follow: flag,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ ask: fc.constantFrom('rename', 'link'), at: which, path, toAt: which, to: path }),
  },
  { weight: 3, arbitrary: fc.record({ ask: fc.constant('symlink'), at: which, path, target }) },
  { weight: 1, arbitrary: fc.record({ ask: fc.constant('list'), at: which }) },
);

/** What a guest would try links with. */
const linking = fc.oneof(
  fc.record({
    ask: fc.constantFrom('create-directory', 'remove-directory', 'unlink-file'),
    at: which,
    path: fc.constantFrom('a', 'b', 'd', 'd/a', 'd/b', 'd/d', 'a/b'),
  }),
  {
    weight: 3,
    arbitrary: fc.record({
      ask: fc.constant('symlink'),
      at: which,
      path: fc.constantFrom('a', 'b', 'c', 'd/a', 'd/b'),
      target: fc
        .array(fc.constantFrom('a', 'b', 'd', '..', '.'), { minLength: 1, maxLength: 4 })
        .map((parts) => parts.join('/')),
    }),
  },
  fc.record({
    ask: fc.constantFrom('rename', 'link'),
    at: which,
    path: fc.constantFrom('a', 'b', 'd', 'd/a', 'd/b'),
    toAt: which,
    to: fc.constantFrom('a', 'b', 'c', 'd/a', 'd/b', 'd/c'),
  }),
) satisfies fc.Arbitrary<Step>;

const sentinel = 'SENTINEL';
/** No file in a mount grows as large. */
const sentinelSize = 4_321n;

/** Paths of all that lies in a folder. Node's own recursive listing goes through links. */
function everythingIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const whole = join(folder, entry.name);
    return entry.isDirectory() ? [whole, ...everythingIn(whole)] : [whole];
  });
}

/** All that lies in a folder and could be seen to have changed. */
function snapshot(folder: string): readonly unknown[] {
  return everythingIn(folder)
    .toSorted()
    .map((whole) => {
      const stats = lstatSync(whole);
      const { mode, nlink, size, mtimeMs, ctimeMs } = stats;
      const held = stats.isFile()
        ? readFileSync(whole, 'utf8')
        : stats.isSymbolicLink() && readlinkSync(whole);
      return { whole, mode, nlink, size, mtimeMs, ctimeMs, held };
    });
}

/** Bytes and entries that lie in a folder; a file counts once, however many names it has. */
function measure(folder: string): { readonly bytes: number; readonly entries: number } {
  const entries = everythingIn(folder).map((whole) => lstatSync(whole));
  const files = new Map(entries.filter((stats) => stats.isFile()).map(({ ino, size }) => [ino, size]));
  return { bytes: [...files.values()].reduce((sum, size) => sum + size, 0), entries: entries.length };
}

/** A guest that does one thing after another with whatever it got hold of, and notes all that it was told. */
class Player {
  readonly told: unknown[] = [];
  readonly #guest: GuestFiles;
  readonly #outside: string;
  readonly #directories: number[];
  readonly #files: number[] = [];

  constructor(guest: GuestFiles, outside: string, directories: readonly number[]) {
    this.#guest = guest;
    this.#outside = outside;
    this.#directories = [...directories];
  }

  async play(one: Step): Promise<void> {
    try {
      this.told.push(await this.#do(one));
    } catch (error) {
      if (!(error instanceof HostCallError)) throw error;
      this.told.push(`${error.code} ${error.message}`);
    }
  }

  #do(one: Step): Promise<unknown> {
    switch (one.ask) {
      case 'make':
        return this.#open({ ...one, flags: [true, true, false, false, false, true, true] });
      case 'open':
        return this.#open(one);
      case 'close':
        return this.#ask('close', {
          handle: this.#files.splice(one.file % (this.#files.length || 1), 1)[0] ?? -1,
        });
      case 'write':
        return this.#ask('write', {
          ...this.#file(one),
          offset: BigInt(one.size),
          bytes: new Uint8Array(one.size),
        });
      case 'append':
        return this.#ask('append', { ...this.#file(one), bytes: new Uint8Array(one.size) });
      case 'set-size':
        return this.#ask('set-size', { ...this.#file(one), size: BigInt(one.size) });
      case 'read':
        return this.#read(one);
      case 'stat-at':
      case 'metadata-hash-at':
        return this.#ask(one.ask, { ...this.#at(one.at, one.path), follow: one.follow });
      case 'set-times-at': {
        const times = { access: { tag: 'now' }, modification: { tag: 'now' } } as const;
        return this.#ask('set-times-at', { ...this.#at(one.at, one.path), follow: one.follow, ...times });
      }
      case 'rename':
        return this.#ask('rename', { ...this.#at(one.at, one.path), to: this.#at(one.toAt, one.to) });
      case 'link':
        return this.#ask('link', {
          ...this.#at(one.at, one.path),
          follow: false,
          to: this.#at(one.toAt, one.to),
        });
      case 'symlink':
        return this.#ask('symlink', { ...this.#at(one.at, one.path), target: this.#spell(one.target) });
      case 'list':
        return this.#guest.names(this.#at(one.at, '').handle);
      default:
        return this.#ask(one.ask, this.#at(one.at, one.path));
    }
  }

  async #open({ at, path: spelled, flags }: Omit<Extract<Step, { ask: 'open' }>, 'ask'>): Promise<unknown> {
    const [follow, create, directory, exclusive, truncate, read, write] = flags as [
      ...[boolean, boolean, boolean, boolean, boolean, boolean, boolean],
    ];
    const opened = await this.#ask('open', {
      ...this.#at(at, spelled),
      ...{ follow, create, exclusive, truncate, read, write },
      directory: directory && !create && !truncate,
      mutateDirectory: false,
      sync: 'none',
    });
    (opened.type === 'directory' ? this.#directories : this.#files).push(opened.handle);
    return opened;
  }

  async #read({ file }: { readonly file: number }): Promise<string> {
    const { bytes } = await this.#ask('read', { ...this.#file({ file }), offset: 0n, length: 65_536n });
    return new TextDecoder().decode(bytes);
  }

  #ask<K extends keyof FileMethods>(
    method: K,
    args: FileMethods[K]['args'],
  ): Promise<FileMethods[K]['result']> {
    return this.#guest.ask(method, args);
  }

  #at(at: number, spelled: string): { readonly handle: number; readonly path: string } {
    return { handle: this.#directories[at % this.#directories.length] ?? -1, path: this.#spell(spelled) };
  }

  #file({ file }: { readonly file: number }): { readonly handle: number } {
    return { handle: this.#files[file % (this.#files.length || 1)] ?? -1 };
  }

  #spell(text: string): string {
    return text.replace('<outside>', this.#outside);
  }
}

const sizeOf = (told: unknown): unknown =>
  typeof told === 'object' && told !== null && 'size' in told ? told.size : undefined;
const show = (value: unknown) =>
  JSON.stringify(value, (_key, one) => (typeof one === 'bigint' ? String(one) : one));

describe.each(platforms)('whatever a guest does, the $name way', ({ holdRoot }) => {
  /** Links and files that were in the mount before, whoever made them. */
  const planted = fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'd', 'd/a'), fc.option(target)), {
    maxLength: 3,
    selector: ([name]) => name,
  });
  const steps = fc.array(step, { minLength: 4, maxLength: 24, size: 'max' });

  it('nothing outside of its mounts is read or changed, and the ledger counts what lies there', async () => {
    const answers = new Set<string>();
    await fc.assert(
      fc.asyncProperty(planted, steps, async (plants, list) => {
        const folder = scratchFolder();
        const [granted, outside, reading] = ['granted', 'outside', 'reading'].map((name) =>
          join(folder.path, name),
        ) as [...[string, string, string]];
        try {
          for (const made of [granted, outside, reading, join(outside, 'd'), join(reading, 'd')])
            mkdirSync(made);
          for (const name of ['secret', 'a', 'd/a']) {
            writeFileSync(join(outside, name), sentinel.padEnd(Number(sentinelSize), '.'));
            writeFileSync(join(outside, `${name}-${sentinel}`), '');
          }
          writeFileSync(join(reading, 'a'), 'for reading');
          symlinkSync('../outside', join(reading, 'b'));
          plant(granted, outside, plants);
          const before = [snapshot(outside), snapshot(reading), readdirSync(folder.path)];

          const shared = new SharedFiles();
          const quota = { bytes: 600, entries: 4 };
          const guest = await GuestFiles.overMounts(
            [
              { guestPath: '/data', hostPath: granted, access: 'read-write', quota },
              { guestPath: '/reading', hostPath: reading, access: 'read-only' },
            ],
            { holdRoot, shared },
          );
          const player = new Player(guest, outside, [guest.dir, guest.dir, guest.dir + 1]);
          for (const one of list) await player.play(one);
          await guest.service.close();

          expect([snapshot(outside), snapshot(reading), readdirSync(folder.path)]).toEqual(before);
          const told = show([player.told, guest.refusals, guest.uses]);
          expect(told).not.toContain(sentinel);
          expect(player.told.filter((one) => sizeOf(one) === sentinelSize)).toEqual([]);
          for (const one of player.told) if (typeof one === 'string') answers.add(one.split(' ')[0] ?? '');
          await expectCounted(granted, shared);
        } finally {
          folder.remove();
        }
      }),
      { numRuns: 100 },
    );
    for (const code of ['not-permitted', 'read-only', 'quota', 'exist', 'no-entry'])
      expect(answers).toContain(code);
  });

  it('no link that it made leads other programs out of the mount', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(linking, { minLength: 2, maxLength: 8, size: 'max' }), async (list) => {
        const folder = scratchFolder();
        const granted = join(folder.path, 'x', 'granted');
        try {
          mkdirSync(join(granted, 'd', 'b'), { recursive: true });
          const guest = await GuestFiles.over(granted, { holdRoot });
          const player = new Player(guest, join(folder.path, 'outside'), [guest.dir]);
          for (const one of list) await player.play(one);
          await guest.service.close();
          for (const whole of everythingIn(granted)) {
            if (lstatSync(whole).isSymbolicLink())
              expect(`${leadsTo(whole)}/`.startsWith(`${granted}/`)).toBe(true);
          }
        } finally {
          folder.remove();
        }
      }),
      { numRuns: 100 },
    );
  });

  function plant(
    granted: string,
    outside: string,
    plants: readonly (readonly [string, string | null])[],
  ): void {
    for (const [name, to] of plants) {
      const whole = join(granted, name);
      try {
        if (name.includes('/')) mkdirSync(join(granted, 'd'));
        if (to === null) writeFileSync(whole, 'planted');
        else symlinkSync(to.replace('<outside>', outside), whole);
      } catch (error) {
        // A name that is taken, or a target that is none.
        if (!(error instanceof Error && 'code' in error)) throw error;
      }
    }
  }

  async function expectCounted(granted: string, shared: SharedFiles): Promise<void> {
    const { bytes, entries } = measure(granted);
    const root = await holdRoot(granted);
    const ledger = await shared.ledgers.of(root);
    const has = (quota: { bytes: number; entries: number }, growth: Parameters<typeof ledger.check>[1]) =>
      ledger
        .exclusive(root, async () => ledger.check(quota, growth))
        .then(
          () => true,
          () => false,
        );
    const room = { bytes: bytes + 1, entries: entries + 1 };
    const counted = {
      bytes: (await has(room, { bytes: 1n })) && !(await has({ ...room, bytes }, { bytes: 1n })),
      entries: (await has(room, { entries: 1 })) && !(await has({ ...room, entries }, { entries: 1 })),
    };
    await root.release();
    expect(counted).toEqual({ bytes: true, entries: true });
  }
});

/** Where another program that follows a link ends, as the operating system has it; the link itself if that is nowhere. */
function leadsTo(link: string): string {
  try {
    return realpathSync.native(link);
  } catch {
    return link;
  }
}

describe('a path', () => {
  const anyPath = fc.oneof(
    path,
    fc.string({ unit: 'binary' }),
    fc.array(part, { maxLength: 9 }).map((parts) => parts.join('/')),
  );

  it.each(['linux', 'win32'] as const)(
    'is taken apart into names, or is refused with a code of WASI, on %s',
    (platform) => {
      const codes = ['not-permitted', 'no-entry', 'invalid', 'illegal-byte-sequence', 'name-too-long'];
      fc.assert(
        fc.property(anyPath, (text) => {
          let parsed: ReturnType<typeof parsePath>;
          try {
            parsed = parsePath(text, platform);
          } catch (error) {
            expect(error).toBeInstanceOf(HostCallError);
            expect(codes).toContain((error as HostCallError).code);
            return;
          }
          const names = parsed.names.at(-1) === '.' ? parsed.names.slice(0, -1) : parsed.names;
          for (const name of names) {
            expect(name).not.toMatch(/^\.?$|[/\0]/);
            if (platform === 'win32' && name !== '..') expect(name).not.toMatch(/[\\:]|[. ]$/);
          }
          expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4_096);
          // Nothing is lost but empty names and `.`, and it means the same once more.
          expect(names.join('/')).toBe(
            text
              .split('/')
              .filter((name) => name !== '' && name !== '.')
              .join('/'),
          );
          expect(parsed.directory).toBe(/(^|\/)(\.{0,2})$/.test(text));
          if (parsed.names.length > 0)
            expect(parsePath(parsed.names.join('/'), platform).names).toEqual(parsed.names);
        }),
        { numRuns: 1_000 },
      );
    },
  );
});
