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
import { SharedFiles } from './file-call.ts';
import { GuestFiles, scratchFolder } from './fixtures/guest-files.ts';
import { linking, Player, step, target } from './fixtures/random-guest.ts';
import { holdLinuxRoot } from './linux-held.ts';
import { holdPortableRoot } from './portable-held.ts';

const platforms = [
  { name: 'portable', holdRoot: holdPortableRoot },
  ...(process.platform === 'linux' ? [{ name: 'linux', holdRoot: holdLinuxRoot }] : []),
];

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
          const quota = { bytes: 300, entries: 6 };
          const guest = await GuestFiles.overMounts(
            [
              { guestPath: '/data', hostPath: granted, access: 'read-write', quota },
              { guestPath: '/reading', hostPath: reading, access: 'read-only' },
            ],
            { holdRoot, shared },
          );
          const player = new Player(guest, outside, [...new Array<number>(5).fill(guest.dir), guest.dir + 1]);
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
      { numRuns: 200 },
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
