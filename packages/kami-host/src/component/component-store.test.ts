import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { componentEmbed, componentNew, parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CompiledComponent } from '../model/compiled-component.ts';
import { hash } from '../registry/artifact-store.ts';
import { type ComponentOrigin, ComponentStore, formVersion } from './component-store.ts';
import { packStart } from './packed-start.ts';

const wit = readdirSync(new URL('../../../../wit', import.meta.url))
  .filter((name) => name.endsWith('.wit'))
  .sort()
  .map((name) => readFileSync(new URL(`../../../../wit/${name}`, import.meta.url), 'utf8'))
  .join('\n');

/** A component of the world that answers nothing; `padding` makes its bytes differ. */
async function component(padding: number): Promise<ComponentOrigin & { reads: () => number }> {
  const module = await parse(`(module
    (memory (export "memory") 2)
    (data (i32.const 0) "${'x'.repeat(padding)}")
    (func (export "kami:tool/tool@0.1.0#run") (param i32 i32) (result i32) unreachable)
    (func (export "kami:tool/tool@0.1.0#describe") (result i32) unreachable)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable))`);
  const embedded = await componentEmbed({ binary: module, witSource: wit, world: 'kami-tool' });
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

/** A component with a snapshot, its form, and a store that has it. */
let big: Awaited<ReturnType<typeof component>>;
let whole: CompiledComponent;
let filled: string;

beforeAll(async () => {
  filled = await mkdtemp(join(tmpdir(), 'kami-filled-'));
  big = await component(70_000);
  whole = await new ComponentStore(filled).load(big);
});
afterAll(() => rm(filled, { recursive: true, force: true }));
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kami-forms-'));
  one = await component(1);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const recordOf = (key: string) => join(directory, formVersion, 'forms', `${key}.json`);
const files = () => join(directory, formVersion, 'files');
const fileOf = (ending: string) => {
  const name = readdirSync(files()).find((candidate) => candidate.endsWith(ending));
  return join(files(), name ?? expect.unreachable(`there is no ${ending}`));
};

const shapeOf = ({ key, reuse, modules }: CompiledComponent) => ({
  ...{ key, reuse },
  modules: modules.map(({ name, memory, snapshot }) => ({
    name,
    memory,
    snapshot: snapshot && hash(new Uint8Array(snapshot.buffer)),
  })),
});

/** What can become of a file. */
const damages: Readonly<Record<string, (path: string) => void>> = {
  'has one bit flipped'(path) {
    const bytes = readFileSync(path);
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = (bytes[middle] as number) ^ 1;
    writeFileSync(path, bytes);
  },
  'was cut off': (path) => truncateSync(path, 10),
  'is empty': (path) => truncateSync(path, 0),
  'is gone': (path) => rmSync(path),
  'is a folder'(path) {
    rmSync(path);
    mkdirSync(join(path, 'with', 'more'), { recursive: true });
  },
  'is a link to itself'(path) {
    rmSync(path);
    symlinkSync(path, path);
  },
};

describe('ComponentStore', () => {
  it('takes a component apart once, and then reads what it wrote', async () => {
    const first = await new ComponentStore(directory).load(one);
    const second = await new ComponentStore(directory).load(one);
    expect(one.reads()).toBe(1);
    expect(second.modules.map(({ name, memory }) => [name, memory])).toEqual(
      first.modules.map(({ name, memory }) => [name, memory]),
    );
    expect(second.modules.some(({ memory }) => memory?.initialPages === 2)).toBe(true);
  });

  describe('told what calls of a component begin with', () => {
    const memories = (text: string) => {
      const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
      new Uint8Array(memory.buffer).set(Buffer.from(text), 100_000);
      return new Map(whole.modules.flatMap(({ name, memory: shape }) => (shape ? [[name, memory]] : [])));
    };
    const begin = (text: string) => packStart({ memories: memories(text), globals: [7, -(2n ** 63n)] });
    const textIn = ({ modules }: CompiledComponent) => {
      const [memory] = modules.flatMap(({ snapshot }) => snapshot ?? []);
      return Buffer.from(memory?.buffer ?? new ArrayBuffer(0)).toString('latin1', 100_000, 100_005);
    };
    const snapshots = () => readdirSync(files()).filter((name) => name.endsWith('.snapshot'));

    beforeEach(() => cpSync(filled, directory, { recursive: true }));

    it('gives that from then on, to other processes too, and keeps no other', async () => {
      const store = new ComponentStore(directory);
      expect(await store.load(big)).toMatchObject({ reuse: 'reset', start: 'unknown' });
      await store.keepStart(big.key, await begin('hello'));
      for (const kept of [await store.load(big), await new ComponentStore(directory).load(big)]) {
        expect(kept.start).toEqual({ globals: [7, -(2n ** 63n)] });
        expect(textIn(kept)).toBe('hello');
      }
      expect(snapshots()).toHaveLength(1);
      await store.keepStart(big.key, await begin('other'));
      expect(textIn(await store.load(big))).toBe('hello');
    });

    it('remembers that it is what the component was delivered as', async () => {
      const store = new ComponentStore(directory);
      await store.load(big);
      await store.keepStart(big.key, 'delivered');
      const kept = await new ComponentStore(directory).load(big);
      expect(kept.start).toBe('delivered');
      expect(shapeOf(kept)).toEqual(shapeOf(whole));
    });

    it('leaves out what does not fit the component', async () => {
      const store = new ComponentStore(directory);
      await store.load(big);
      const packed = await begin('hello');
      if (packed === 'delivered') expect.unreachable('it is a state');
      const [snapshot] = packed.snapshots;
      if (snapshot === undefined) expect.unreachable('it has a memory');
      const larger = new Map([
        [snapshot.module, new WebAssembly.Memory({ initial: 3, maximum: 3, shared: true })],
      ]);
      new Uint8Array(larger.get(snapshot.module)?.buffer ?? new ArrayBuffer(0)).fill(1);
      for (const wrong of [
        await packStart({ memories: larger, globals: [] }),
        { ...packed, snapshots: [] },
        { ...packed, snapshots: [{ ...snapshot, module: 'other.core.wasm' }] },
        { ...packed, snapshots: [{ ...snapshot, size: snapshot.size + 1 }] },
        { ...packed, snapshots: [{ ...snapshot, size: Number.MAX_SAFE_INTEGER }] },
        { ...packed, snapshots: [{ ...snapshot, compressed: snapshot.compressed.subarray(1) }] },
      ]) {
        await store.keepStart(big.key, wrong);
      }
      expect(await new ComponentStore(directory).load(big)).toMatchObject({ start: 'unknown' });
    });

    it('lets another process that has the old form go on with the new one, without the component', async () => {
      const [first, second] = [new ComponentStore(directory), new ComponentStore(directory)];
      await first.prepare(big);
      await second.prepare(big);
      await first.keepStart(big.key, await begin('hello'));
      const reads = big.reads();
      expect(textIn(await second.load(big))).toBe('hello');
      expect(big.reads()).toBe(reads);
    });
  });

  it('takes a component apart once for all who ask at the same time', async () => {
    const store = new ComponentStore(directory);
    await Promise.all([1, 2, 3, 4].map(() => store.load(one)));
    expect(one.reads()).toBe(1);
  });

  describe.each(['.js', '.wasm', '.snapshot', 'record'])('a form whose %s', (part) => {
    it.each(Object.entries(damages))('%s is made anew, once', async (_what, damage) => {
      const read = vi.fn(() => big.read());
      const load = () => new ComponentStore(directory).load({ ...big, read });
      cpSync(filled, directory, { recursive: true });
      damage(part === 'record' ? recordOf(big.key) : fileOf(part));
      expect(shapeOf(await load())).toEqual(shapeOf(whole));
      expect(read).toHaveBeenCalledTimes(1);
      expect(shapeOf(await load())).toEqual(shapeOf(whole));
      expect(read).toHaveBeenCalledTimes(1);
      for (const name of readdirSync(files())) {
        expect(name).toContain(hash(readFileSync(join(files(), name))));
      }
    });
  });

  it('takes no record of another component, though it is a whole one', async () => {
    const [left, right] = [await component(70_000), await component(80_000)];
    const first = await new ComponentStore(directory).load(left);
    await new ComponentStore(directory).load(right);
    writeFileSync(recordOf(left.key), readFileSync(recordOf(right.key)));
    const second = await new ComponentStore(directory).load(left);
    expect(shapeOf(second)).toEqual(shapeOf(first));
    expect([left.reads(), right.reads()]).toEqual([2, 1]);
  });

  it('says that it has no place to write to', async () => {
    writeFileSync(join(directory, 'file'), '');
    const failing = new ComponentStore(join(directory, 'file')).load(one);
    await expect(failing).rejects.toMatchObject({ code: 'KAMI_FILE_UNWRITABLE' });
  });

  it('lets many fill it with the same form at the same time', async () => {
    const loads = Array.from({ length: 6 }, () => new ComponentStore(directory).load(one));
    const compiled = await Promise.all(loads);
    expect(compiled.every(({ key }) => key === one.key)).toBe(true);
    expect(readdirSync(join(directory, formVersion, 'forms'))).toEqual([`${one.key}.json`]);
  });

  it('lets processes fill it with the same form and with others at the same time', async () => {
    const origins = [await component(70_000), await component(80_000), await component(90_000)];
    const paths = origins.map(({ key }) => join(directory, `${key}.wasm`));
    for (const [index, { read }] of origins.entries()) writeFileSync(paths[index] ?? '', await read());
    const [a = '', b = '', c = ''] = paths;
    const reports = await Promise.all([fill([a, b]), fill([a, c]), fill([b, c, a])]);
    for (const loaded of reports.flat()) {
      const origin = origins.find(({ key }) => key === loaded.key) ?? expect.unreachable('an unknown form');
      const expected = await new ComponentStore(directory).load(origin);
      expect(loaded.snapshots).toEqual(shapeOf(expected).modules.map(({ snapshot }) => snapshot ?? null));
    }
    // Each was read once to be written above; what processes took from each other, they gave back.
    expect(origins.map(({ reads }) => reads())).toEqual([1, 1, 1]);
    expect(readdirSync(join(directory, formVersion, 'forms')).sort()).toEqual(
      origins.map(({ key }) => `${key}.json`).sort(),
    );
  });

  it('knows the engine that was installed last, and compiles it before any component is asked for', async () => {
    const store = new ComponentStore(directory);
    expect(await store.newestEngine()).toBeUndefined();
    await store.load(await component(70_000));
    const engine = (await store.newestEngine()) ?? expect.unreachable('there is none');
    const { record } = await store.prepare(await component(80_000));
    expect(engine.glue).toBe(record.glue);
    expect([...engine.modules].sort()).toEqual(record.modules.map(({ engine: sha256 }) => sha256).sort());
    const other = new ComponentStore(directory);
    const glue = await other.compileEngine(engine);
    expect((await other.load(await component(80_000))).glue).toBe(glue);
    await rm(files(), { recursive: true });
    expect(await new ComponentStore(directory).compileEngine(engine)).toBeUndefined();
    expect(await store.newestEngine()).toBeUndefined();
  });

  it('keeps what components have in common once, and lets it go with the last of them', async () => {
    const store = new ComponentStore(directory);
    const [left, right] = [await component(70_000), await component(80_000)];
    const [first, second] = [await store.load(left), await store.load(right)];
    // They differ in their data alone.
    expect(second.glue).toBe(first.glue);
    expect(second.modules.map(({ module }) => module)).toEqual(first.modules.map(({ module }) => module));
    expect(second.modules[0]?.module).toBe(first.modules[0]?.module);
    const count = (ending: string) => readdirSync(files()).filter((name) => name.endsWith(ending)).length;
    const modules = count('.wasm');
    expect([count('.js'), count('.snapshot')]).toEqual([1, 2]);
    await store.remove(left.key);
    expect([count('.js'), count('.wasm'), count('.snapshot')]).toEqual([1, modules, 1]);
    await store.remove(right.key);
    expect(readdirSync(files())).toEqual([]);
  });

  it('forgets a form, and all but the newest when it is told how many to keep', async () => {
    const store = new ComponentStore(directory, 2);
    for (const padding of [1, 2, 3]) {
      const origin = await component(padding);
      await store.load(origin);
      const past = new Date(Date.now() - (10 - padding) * 60_000);
      utimesSync(recordOf(origin.key), past, past);
    }
    const last = await component(4);
    await store.load(last);
    const left = () => readdirSync(join(directory, formVersion, 'forms'));
    expect(left()).toHaveLength(2);
    expect(left()).toContain(`${last.key}.json`);
    await store.remove(last.key);
    expect(left()).toHaveLength(1);
  });

  it('removes what a killed process left half-written, once it is old', async () => {
    await new ComponentStore(directory).load(one);
    const abandoned = join(files(), '.staging-1-old');
    const recent = join(files(), '.staging-2-new');
    for (const path of [abandoned, recent]) writeFileSync(path, 'half');
    const old = new Date(Date.now() - 2 * 60 * 60_000);
    utimesSync(abandoned, old, old);
    await new ComponentStore(directory).load(await component(2));
    expect(readdirSync(files()).filter((name) => name.startsWith('.'))).toEqual(['.staging-2-new']);
  });

  it('leaves parts alone that a form may be written for just now, and removes them later', async () => {
    const parts = ['1', '2'].map((digit) => join(files(), `${digit.repeat(64)}.wasm`));
    mkdirSync(files(), { recursive: true });
    for (const path of parts) writeFileSync(path, 'part');
    const old = new Date(Date.now() - 6 * 60_000);
    utimesSync(parts[0] ?? '', old, old);
    await new ComponentStore(directory).load(one);
    expect(parts.map((path) => readdirSync(files()).includes(basename(path)))).toEqual([false, true]);
  });

  it('keeps its folder to its owner', async () => {
    await new ComponentStore(directory).load(one);
    for (const path of [recordOf(one.key), fileOf('.js'), files()]) {
      expect(statSync(path).mode & 0o077).toBe(0);
    }
  });
});

/** Loads the components at some paths in a process of its own, one after the other. */
async function fill(paths: readonly string[]): Promise<readonly { key: string; snapshots: unknown[] }[]> {
  const script = fileURLToPath(new URL('./fixtures/fill-store.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, directory, ...paths]);
  return JSON.parse(stdout) as { key: string; snapshots: unknown[] }[];
}

describe('formVersion', () => {
  it('names the transpiler that is installed: another one writes other forms', () => {
    const require = createRequire(import.meta.url);
    const manifest = require.resolve('@bytecodealliance/jco-transpile').replace(/dist.*$/, 'package.json');
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
    expect(formVersion).toContain(`jco-transpile-${version}`);
  });
});
