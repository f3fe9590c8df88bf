import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeOf, GuestFiles, scratchFolder } from './fixtures/guest-files.ts';

/** What a worker could say that is not ours any more. */
describe('requests of a worker that was taken over', () => {
  const folder = scratchFolder();
  let guest: GuestFiles;
  let file = 0;
  beforeAll(async () => {
    writeFileSync(join(folder.path, 'file'), 'content');
    guest = await GuestFiles.over(folder.path);
    file = await guest.open('file', { write: true });
  });
  afterAll(async () => {
    await guest.service.close();
    folder.remove();
  });

  const ask = (method: string, args: unknown) => codeOf(guest.service.handle(method, args));

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', '', 'OPEN', 'preopens2'])(
    'for %j, which is no method, are refused',
    async (method) => {
      expect(await ask(method, { handle: guest.dir })).toBe('unsupported');
    },
  );

  it.each([
    ['open', undefined],
    ['open', null],
    ['open', 7],
    ['open', 'path'],
    ['open', []],
    ['open', { handle: '1', path: 'file' }],
    ['open', { handle: Number.NaN, path: 'file' }],
    ['open', { handle: 1.5, path: 'file' }],
    ['open', { handle: 2 ** 53, path: 'file' }],
    ['close', { handle: -1 }],
    ['close', { handle: { valueOf: 1 } }],
    ['stat', { handle: 99 }],
    ['read', {}],
  ])('%s with %j: a bad descriptor', async (method, args) => {
    expect(await ask(method, args)).toBe('bad-descriptor');
  });

  it.each([
    ['read', { offset: 0, length: 1n }],
    ['read', { offset: -1n, length: 1n }],
    ['read', { offset: 1n << 64n, length: 1n }],
    ['read', { offset: 0n, length: '1' }],
    ['write', { offset: 0n, bytes: 'text' }],
    ['write', { offset: 0n, bytes: [1, 2, 3] }],
    ['write', { offset: 0n, bytes: new Uint16Array(2) }],
    ['write', { offset: 0n, bytes: new Uint8Array(65_537) }],
    ['append', { bytes: { length: 1e9 } }],
    ['set-size', { size: -1n }],
    ['set-size', { size: 1e300 }],
    ['set-times', { access: 'now', modification: { tag: 'now' } }],
    ['set-times', { access: { tag: 'later' }, modification: { tag: 'now' } }],
    ['set-times', timestamp({ seconds: 1n << 63n, nanoseconds: 0 })],
    ['set-times', timestamp({ seconds: 1n, nanoseconds: 1e9 })],
    ['set-times', timestamp({ seconds: 1n, nanoseconds: Number.NaN })],
    ['set-times', timestamp({ seconds: 1, nanoseconds: 1 })],
    ['sync', { dataOnly: 1 }],
  ])('%s with %o: invalid', async (method, args) => {
    expect(await ask(method, { handle: file, ...args })).toBe('invalid');
  });

  it.each([
    ['open', { path: 7 }],
    ['open', { path: 'file', follow: 'yes' }],
    ['stat-at', { path: ['..'], follow: true }],
    ['stat-at', { path: 'file' }],
    ['symlink', { path: 'link', target: Symbol.iterator }],
    ['symlink', { path: 'link', target: null }],
    ['create-directory', { path: { toString: () => '../x' } }],
  ])('%s of a path with %o: invalid', async (method, args) => {
    expect(await ask(method, { handle: guest.dir, ...args })).toBe('invalid');
  });

  it('take no setting from a prototype', async () => {
    const args = Object.create({ handle: guest.dir, path: 'file' });
    expect(await ask('readlink', args)).toBe('bad-descriptor');
  });

  it('for a gigabyte get a chunk', async () => {
    const read = await guest.ask('read', { handle: file, offset: 0n, length: (1n << 64n) - 1n });
    expect(read.bytes.buffer.byteLength).toBe('content'.length);
    expect(read.end).toBe(true);
  });

  it('by the hundred are performed one after another', async () => {
    const codes = await Promise.all(Array.from({ length: 300 }, () => guest.openCode('file')));
    // Each opens and closes; how many are open at once depends on how they take turns.
    expect(codes.every((code) => code === 'done' || code === 'insufficient-memory')).toBe(true);
    expect(codes[0]).toBe('done');
    expect(await guest.openCode('file')).toBe('done');
  });

  it('after the call has ended are refused', async () => {
    const ended = await GuestFiles.over(folder.path);
    await ended.service.close();
    expect(await ended.openCode('file')).toBe('bad-descriptor');
  });

  it('tell nothing of the host in their errors', async () => {
    const errors = await Promise.all(
      ['none', '../x', 'file/x', 'x'.repeat(300)].map((path) =>
        guest.open(path).catch((error: unknown) => String((error as Error).message)),
      ),
    );
    expect(errors.join()).not.toContain(folder.path);
  });
});

function timestamp(val: unknown) {
  return { access: { tag: 'now' }, modification: { tag: 'timestamp', val } };
}
