import { readdirSync, readFileSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { componentEmbed, componentNew, parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hash } from '../registry/artifact-store.ts';
import { type ComponentOrigin, ComponentStore, formVersion } from './component-store.ts';

const wit = readdirSync(new URL('../../../../wit', import.meta.url))
  .filter((name) => name.endsWith('.wit'))
  .sort()
  .map((name) => readFileSync(new URL(`../../../../wit/${name}`, import.meta.url), 'utf8'))
  .join('\n');

/** A component of the world that answers nothing; `padding` makes its bytes differ. */
async function component(padding: number): Promise<ComponentOrigin & { reads: () => number }> {
  const module = await parse(`(module
    (memory (export "memory") 1)
    (data (i32.const 0) "${'x'.repeat(padding)}")
    (func (export "kami:tool/tool@0.1.0#run") (param i32 i32) (result i32) unreachable)
    (func (export "kami:tool/tool@0.1.0#describe") (result i32) unreachable)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable))`);
  const embedded = await componentEmbed({ binary: module, witSource: wit });
  const bytes = await componentNew(embedded, []);
  let reads = 0;
  const read = async () => {
    reads += 1;
    return bytes;
  };
  return { key: hash(bytes), source: 'test.wasm', read, reads: () => reads };
}

let directory: string;
let one: Awaited<ReturnType<typeof component>>;

beforeAll(async () => {
  one = await component(1);
});
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kami-forms-'));
  one = await component(1);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const folderOf = (key: string) => join(directory, formVersion, key);

describe('ComponentStore', () => {
  it('takes a component apart once, and then reads what it wrote', async () => {
    const first = await new ComponentStore(directory).load(one);
    const second = await new ComponentStore(directory).load(one);
    expect(one.reads()).toBe(1);
    expect(second.modules.map(({ name, memory }) => [name, memory])).toEqual(
      first.modules.map(({ name, memory }) => [name, memory]),
    );
    expect(second.modules.some(({ memory }) => memory?.initialPages === 1)).toBe(true);
  });

  it('takes a component apart once for all who ask at the same time', async () => {
    const store = new ComponentStore(directory);
    await Promise.all([1, 2, 3, 4].map(() => store.load(one)));
    expect(one.reads()).toBe(1);
  });

  it.each(['glue.mjs', 'component.core.wasm', 'form.json'])(
    'makes a form anew whose %s was damaged',
    async (file) => {
      const store = new ComponentStore(directory);
      await store.load(one);
      const path = join(folderOf(one.key), file);
      const bytes = readFileSync(path);
      const middle = Math.floor(bytes.length / 2);
      bytes[middle] = (bytes[middle] as number) ^ 1;
      writeFileSync(path, bytes);
      await store.load(one);
      expect(one.reads()).toBe(2);
      await store.load(one);
      expect(one.reads()).toBe(2);
    },
  );

  it.each(['glue.mjs', 'form.json'])('makes a form anew whose %s was cut off or is gone', async (file) => {
    const store = new ComponentStore(directory);
    await store.load(one);
    truncateSync(join(folderOf(one.key), file), 10);
    await store.load(one);
    await rm(join(folderOf(one.key), file));
    await store.load(one);
    expect(one.reads()).toBe(3);
  });

  it('lets many fill it with the same form at the same time', async () => {
    const loads = Array.from({ length: 6 }, () => new ComponentStore(directory).load(one));
    const compiled = await Promise.all(loads);
    expect(compiled.every(({ key }) => key === one.key)).toBe(true);
    expect(readdirSync(join(directory, formVersion))).toEqual([one.key]);
  });

  it('forgets a form, and all but the newest when it is told how many to keep', async () => {
    const store = new ComponentStore(directory, 2);
    for (const padding of [1, 2, 3]) {
      const origin = await component(padding);
      await store.load(origin);
      const past = new Date(Date.now() - (10 - padding) * 60_000);
      utimesSync(folderOf(origin.key), past, past);
    }
    const last = await component(4);
    await store.load(last);
    const left = readdirSync(join(directory, formVersion));
    expect(left).toHaveLength(2);
    expect(left).toContain(last.key);
    await store.remove(last.key);
    expect(readdirSync(join(directory, formVersion))).toHaveLength(1);
  });

  it('removes what a killed process left half-written, once it is old', async () => {
    const abandoned = join(directory, formVersion, '.staging-1-old');
    const recent = join(directory, formVersion, '.staging-2-new');
    await mkdir(abandoned, { recursive: true });
    await mkdir(recent, { recursive: true });
    const old = new Date(Date.now() - 2 * 60 * 60_000);
    utimesSync(abandoned, old, old);
    await new ComponentStore(directory).load(one);
    expect(readdirSync(join(directory, formVersion)).sort()).toEqual(['.staging-2-new', one.key].sort());
  });

  it('keeps its folder to its owner', async () => {
    await new ComponentStore(directory).load(one);
    expect(statSync(folderOf(one.key)).mode & 0o077).toBe(0);
  });
});

describe('formVersion', () => {
  it('names the transpiler that is installed: another one writes other forms', () => {
    const require = createRequire(import.meta.url);
    const manifest = require.resolve('@bytecodealliance/jco-transpile').replace(/dist.*$/, 'package.json');
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
    expect(formVersion).toContain(`jco-transpile-${version}`);
  });
});
