import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createComponentCache, defaultCacheDir, sha256 } from './cache.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kami-guest-cache-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const component = (text: string) => new TextEncoder().encode(text);

it('gives back what was stored', async () => {
  const cache = createComponentCache(join(dir, 'made/on/demand'));
  expect(await cache.find('a')).toBeUndefined();
  const record = await cache.store('a', component('one'));
  expect(record).toEqual({ sha256: sha256('one'), size: 3 });
  expect(await cache.find('a')).toEqual(record);
  expect(Buffer.from((await cache.read('a', record)) ?? []).toString()).toBe('one');
});

it('gives nothing that was damaged', async () => {
  const cache = createComponentCache(dir);
  const record = await cache.store('a', component('one'));
  await writeFile(join(dir, 'a.wasm'), 'two');
  expect(await cache.read('a', record)).toBeUndefined();
  await rm(join(dir, 'a.wasm'));
  expect(await cache.read('a', record)).toBeUndefined();
  for (const text of ['', '{', 'null', '{"sha256":1}']) {
    await writeFile(join(dir, 'a.json'), text);
    expect(await cache.find('a')).toBeUndefined();
  }
});

it('is bounded, leaves no temporary files, and stands parallel builds', async () => {
  const cache = createComponentCache(dir);
  await Promise.all(
    Array.from({ length: 20 }, (_, index) => cache.store(`k${index}`, component(`${index}`))),
  );
  const last = await cache.store('last', component('last'));
  const names = await readdir(dir);
  expect(names.filter((name) => name.endsWith('.wasm'))).toHaveLength(8);
  expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([]);
  expect(await cache.read('last', last)).toBeDefined();
});

it('lies in the nearest node_modules', async () => {
  await mkdir(join(dir, 'node_modules'));
  await mkdir(join(dir, 'packages/tool'), { recursive: true });
  expect(defaultCacheDir(join(dir, 'packages/tool'))).toBe(join(dir, 'node_modules/.cache/kami/components'));
});
