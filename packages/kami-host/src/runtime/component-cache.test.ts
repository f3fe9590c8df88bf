import { describe, expect, it } from 'vitest';
import type { ComponentOrigin } from '../component/component-store.ts';
import type { CompiledComponent } from '../model/compiled-component.ts';
import type { Sha256 } from '../model/ids.ts';
import { ComponentCache } from './component-cache.ts';

const origin = (name: string): ComponentOrigin => ({
  key: name as Sha256,
  source: name,
  read: () => Promise.reject(new Error('not read in this test')),
});

function setUp(size: number) {
  const loads: string[] = [];
  let failing = false;
  const load = async ({ key }: ComponentOrigin): Promise<CompiledComponent> => {
    loads.push(key);
    if (failing) throw new Error('can not be compiled');
    return { key, glue: { sha256: key, source: '' }, modules: [], reuse: 'none', start: 'unknown' };
  };
  const fail = (value: boolean) => {
    failing = value;
  };
  return { cache: new ComponentCache({ load }, size), loads, fail };
}

describe('ComponentCache', () => {
  it('compiles once what many calls ask for at the same time', async () => {
    const { cache, loads } = setUp(4);
    const all = await Promise.all(Array.from({ length: 10 }, () => cache.get(origin('a'))));
    expect(new Set(all.map(({ component }) => component)).size).toBe(1);
    expect(all.filter(({ wasKept }) => !wasKept)).toHaveLength(1);
    expect(loads).toEqual(['a']);
  });

  it('forgets what was not used for the longest time', async () => {
    const { cache, loads } = setUp(2);
    for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) await cache.get(origin(name));
    expect(loads).toEqual(['a', 'b', 'c', 'b']);
  });

  it('tries again after a failure', async () => {
    const { cache, loads, fail } = setUp(2);
    fail(true);
    await expect(cache.get(origin('a'))).rejects.toThrow('can not be compiled');
    fail(false);
    await expect(cache.get(origin('a'))).resolves.toMatchObject({ component: { key: 'a' } });
    expect(loads).toEqual(['a', 'a']);
  });
});
