import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GuestFiles, scratchFolder } from './fixtures/guest-files.ts';

const tries = 100_000;
/** Opening one after another leaves a core idle; calls beside each other also race with each other. */
const calls = 4;

/** Row 4: while a guest opens what lies beneath `d`, a thread swaps `d` for a link that leads out, and back. */
describe.runIf(process.platform === 'linux')('a race with a thread that swaps a folder for a link', () => {
  let folder: ReturnType<typeof scratchFolder>;
  let inside: string;
  let outside: string;
  let swapper: Worker;
  let stop: Int32Array;

  beforeEach(async () => {
    folder = scratchFolder();
    inside = join(folder.path, 'inside');
    outside = join(folder.path, 'outside');
    for (const path of [outside, join(inside, 'd')]) {
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, 'secret'), path === outside ? 'outside' : 'inside');
    }
    symlinkSync('../outside', join(inside, 'link'));
    stop = new Int32Array(new SharedArrayBuffer(8));
    swapper = new Worker(new URL('./fixtures/swap-folder.ts', import.meta.url), {
      workerData: { root: inside, stop },
    });
    await new Promise((resolve) => swapper.once('online', resolve));
  });
  afterEach(async () => {
    const ended = new Promise((resolve) => swapper.once('exit', resolve));
    Atomics.store(stop, 0, 1);
    await ended;
    folder.remove();
  });

  it('is won by a host that opens by path', () => {
    const seen = new Set<string>();
    for (let n = 0; n < tries && !seen.has('outside'); n++) {
      try {
        seen.add(readFileSync(join(inside, 'd', 'secret'), 'utf8'));
      } catch {
        seen.add('nothing');
      }
    }
    expect(seen).toContain('outside');
  });

  it(`is not won in ${tries} tries to read, create, rename and remove`, { timeout: 600_000 }, async () => {
    const counts = new Map<string, number>();
    const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);

    const attack = async (guest: GuestFiles, id: number) => {
      for (let n = 0; n < tries / calls; n++) {
        const mine = `${id}-${n % 3}`;
        switch (n % 8) {
          case 5:
            count(await guest.openCode(`d/${mine}`, { create: true, write: true, truncate: true }));
            break;
          case 6:
            await guest.code('rename', { ...guest.at(`d/${mine}`), to: guest.at(`link/${mine}`) });
            count(await guest.code('create-directory', guest.at(`d/../d/${mine}-folder`)));
            break;
          case 7:
            await guest.code('remove-directory', guest.at(`d/${mine}-folder`));
            count(await guest.code('unlink-file', guest.at(`d/${mine}`)));
            break;
          default:
            count(await guest.textOrCode('d/secret'));
        }
      }
      await guest.service.close();
    };
    const guests = await Promise.all(Array.from({ length: calls }, () => GuestFiles.over(inside)));
    await Promise.all(guests.map(attack));

    expect(counts.get('outside') ?? 0).toBe(0);
    expect(readdirSync(outside)).toEqual(['secret']);
    // The race took place: the guest met the folder, the link, and neither.
    expect(counts.get('inside')).toBeGreaterThan(0);
    expect(counts.get('not-permitted')).toBeGreaterThan(0);
    expect(counts.get('no-entry')).toBeGreaterThan(0);
    expect(Atomics.load(stop, 1)).toBeGreaterThan(1_000);
  });
});
