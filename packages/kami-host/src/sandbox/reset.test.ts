import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { answer, buildWatTool, type WatTool } from '../../test/fixtures/wat-component.ts';
import { ComponentStore } from '../component/component-store.ts';
import { buildStarlingMonkey, inputs } from '../component/metering/fixtures/engines.ts';
import { packStart } from '../component/packed-start.ts';
import { type CompiledComponent, withStart } from '../model/compiled-component.ts';
import { defaultLimits } from '../model/limits.ts';
import { hash } from '../registry/artifact-store.ts';
import { instantiate, type ToolInstance } from './instance.ts';
import { rehearse } from './start-state.ts';
import { CallClock, CallLog, RefusalRecord } from './wasi/call-state.ts';
import { HandleBudget } from './wasi/handles.ts';
import { createImports } from './wasi/imports.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let folder: string;
let store: ComponentStore;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kami-test-reset-'));
  store = new ComponentStore(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const load = (bytes: Uint8Array): Promise<CompiledComponent> =>
  store.load({ key: hash(bytes), source: 'test', read: async () => bytes });
const loadWat = async (tool: WatTool) => load(await buildWatTool(tool));

function imports() {
  return createImports({
    clock: new CallClock('coarse'),
    environment: () => [],
    log: new CallLog(defaultLimits, () => {}),
    refusals: new RefusalRecord(),
    handles: new HandleBudget(),
    host: undefined,
  });
}

/** Everything of an instance that V8 keeps: its memories, and what its core modules export. */
interface State {
  readonly memories: readonly Uint8Array[];
  readonly exports: readonly unknown[];
}

interface Watched {
  readonly instance: ToolInstance;
  readonly state: () => State;
}

/** Makes an instance, and looks over V8's shoulder at what it is made of. */
async function make(component: CompiledComponent): Promise<Watched> {
  const memories: WebAssembly.Memory[] = [];
  const cores: WebAssembly.Instance[] = [];
  const { Memory, Instance } = WebAssembly;
  const spies = [
    vi.spyOn(WebAssembly, 'Memory').mockImplementation(function (this: unknown, descriptor) {
      const memory = new Memory(descriptor);
      memories.push(memory);
      return memory;
    }),
    vi.spyOn(WebAssembly, 'Instance').mockImplementation(function (this: unknown, module, given) {
      const core = new Instance(module, given);
      cores.push(core);
      return core;
    }),
  ];
  try {
    const instance = instantiate(component, imports(), defaultLimits);
    return {
      instance,
      state: () => ({
        memories: memories.map(({ buffer }) => new Uint8Array(buffer)),
        exports: cores.flatMap((core) =>
          Object.entries(core.exports).map(([name, value]) => [name, show(value)]),
        ),
      }),
    };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

interface Table {
  readonly length: number;
  readonly get: (index: number) => unknown;
}

function show(value: unknown): unknown {
  if (value instanceof WebAssembly.Global) return value.value;
  if (Object.prototype.toString.call(value) !== '[object WebAssembly.Table]') return typeof value;
  const { length, get } = value as Table;
  return Array.from({ length }, (_, index) => get.call(value, index) === null);
}

function expectSame(used: State, fresh: State): void {
  expect(used.exports).toEqual(fresh.exports);
  expect(used.memories.map(({ length }) => length)).toEqual(fresh.memories.map(({ length }) => length));
  for (const [index, memory] of used.memories.entries()) {
    expect(Buffer.compare(memory, fresh.memories[index] as Uint8Array)).toBe(0);
  }
}

const fuelOf = ({ instance }: Watched, input: string): readonly [string, number] => {
  let text: string;
  try {
    text = instance.run(input);
  } catch (error) {
    text = `error ${(error as { payload: string }).payload}`;
  }
  return [text, defaultLimits.maxFuel - instance.fuelLeft()];
};

const clocks = {
  imports: `(import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $subscribe (param i64) (result i32)))`,
  world: 'import wasi:clocks/monotonic-clock@0.2.0;',
  packages: `
    package wasi:io@0.2.0 { interface poll { resource pollable; } }
    package wasi:clocks@0.2.0 { interface monotonic-clock {
      use wasi:io/poll@0.2.0.{pollable};
      subscribe-duration: func(when: u64) -> own<pollable>;
    } }`,
};

/** Counts its calls in a global and in memory, opens handles that it never drops, and answers with all three. */
const remembering: WatTool = {
  ...clocks,
  fields: '(global $calls (mut i32) (i32.const 48))',
  run: `
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (i32.store8 (i32.const 200) (global.get $calls))
    (i32.store8 (i32.const 201) (i32.add (i32.load8_u (i32.const 300)) (i32.const 48)))
    (i32.store8 (i32.const 300) (i32.add (i32.load8_u (i32.const 300)) (i32.const 1)))
    (drop (call $subscribe (i64.const 1)))
    (i32.store8 (i32.const 202) (i32.add (call $subscribe (i64.const 1)) (i32.const 48)))
    ${answer('i32.const 200', 'i32.const 3')}`,
};

/** One module has the memory, the other the code, and data that it writes into it. */
const twoModules = `(component
  (core module $A (memory (export "memory") 4)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 65536)))
  (core module $B (import "a" "memory" (memory 1))
    (data (i32.const 8192) "DATA")
    (func (export "describe") (result i32) (i32.const 400))
    (func (export "run") (param i32 i32) (result i32)
      (i32.store (i32.const 36) (i32.const 8192)) (i32.store (i32.const 40) (i32.const 4)) (i32.const 32)))
  (core instance $a (instantiate $A))
  (core instance $b (instantiate $B (with "a" (instance $a))))
  (func $run (param "input" string) (result (result string (error string)))
    (canon lift (core func $b "run") (memory (core memory $a "memory")) (realloc (core func $a "realloc"))))
  (func $describe (result string)
    (canon lift (core func $b "describe") (memory (core memory $a "memory")) (realloc (core func $a "realloc"))))
  (instance $tool (export "run" (func $run)) (export "describe" (func $describe)))
  (export "kami:tool/tool@0.1.0" (instance $tool)))`;

describe('an instance that is brought back', () => {
  it('is in its complete state what a new one is, after every call of hundreds', async () => {
    const component = await loadWat(remembering);
    expect(component.reuse).toBe('reset');
    const [used, fresh] = [await make(component), await make(component)];
    const [text, fuel] = fuelOf(await make(component), '{}');
    for (let call = 0; call < 300; call += 1) {
      expect(fuelOf(used, '{}')).toEqual([text, fuel]);
      expect(used.instance.reset(imports())).toBe(true);
      expectSame(used.state(), fresh.state());
    }
  });

  it('would remember everything if it were only used again', async () => {
    const used = await make(await loadWat(remembering));
    expect([fuelOf(used, '{}')[0], fuelOf(used, '{}')[0]]).toEqual(['102', '214']);
  });

  it('with a JavaScript engine in it is the same too, whatever the calls did', async () => {
    const component = await load(await buildStarlingMonkey());
    expect(component.reuse).toBe('reset');
    const [used, fresh] = [await make(component), await make(component)];
    const calls = [inputs.echo, inputs.sort(300), inputs.fib(12), '{"text":"other"}', inputs.loop(50)];
    const expected = new Map<string, readonly [string, number]>();
    for (const input of calls) expected.set(input, fuelOf(await make(component), input));
    for (let call = 0; call < 60; call += 1) {
      const input = calls[call % calls.length] ?? '';
      expect(fuelOf(used, input)).toEqual(expected.get(input));
      expect(used.instance.reset(imports())).toBe(true);
      expectSame(used.state(), fresh.state());
    }
  });

  it('is made anew if a module has written data into the memory of another', async () => {
    const component = await load(await parse(twoModules));
    expect(component.reuse).toBe('ahead');
    const instance = instantiate(component, imports(), defaultLimits);
    expect([instance.run('{}'), instance.reset(imports())]).toEqual(['DATA', false]);
  });

  it('is not used again when its memory has grown', async () => {
    const used = await make(await loadWat({ run: `(drop (memory.grow (i32.const 1))) ${answer()}` }));
    used.instance.run('{}');
    expect(used.instance.reset(imports())).toBe(false);
  });
});

/** Answers with how often it was asked what it is, as far as this instance remembers. */
const counting = (describe = ''): WatTool => ({
  ...clocks,
  imports: `${clocks.imports}
    (import "wasi:random/random@0.2.0" "get-random-u64" (func $random (result i64)))
    (import "wasi:clocks/monotonic-clock@0.2.0" "now" (func $now (result i64)))`,
  world: `${clocks.world} import wasi:random/random@0.2.0;`,
  packages: `
    package wasi:io@0.2.0 { interface poll { resource pollable; } }
    package wasi:random@0.2.0 { interface random { get-random-u64: func() -> u64; } }
    package wasi:clocks@0.2.0 { interface monotonic-clock {
      use wasi:io/poll@0.2.0.{pollable};
      now: func() -> u64;
      subscribe-duration: func(when: u64) -> own<pollable>;
    } }`,
  fields: '(global $asked (mut i32) (i32.const 48))',
  describe: `(global.set $asked (i32.add (global.get $asked) (i32.const 1))) ${describe} (i32.const 400)`,
  run: `(i32.store8 (i32.const 200) (global.get $asked)) ${answer('i32.const 200', 'i32.const 1')}`,
});

describe('the state that calls begin with', () => {
  const startOf = async (tool: WatTool) => {
    const component = await loadWat(tool);
    return { component, start: rehearse(component) };
  };

  it('is that after the component was asked what it is, for new instances and for those that are brought back', async () => {
    const { component, start } = await startOf(counting('(drop (call $now))'));
    if (start === undefined) expect.unreachable('it kept to itself');
    const used = instantiate(withStart(component, start), imports(), defaultLimits);
    for (let call = 0; call < 5; call += 1) {
      expect(used.run('{}')).toBe('1');
      expect(used.reset(imports())).toBe(true);
    }
  });

  it.each([
    ['asks for a random number', '(drop (call $random))'],
    ['takes a handle', '(drop (call $subscribe (i64.const 1)))'],
    ['grows its memory', '(drop (memory.grow (i32.const 1)))'],
    ['traps', 'unreachable'],
    ['does not end', '(loop $l (br $l))'],
  ])('is the one it was delivered in if it %s', async (_what, describe) => {
    const { component, start } = await startOf(counting(describe));
    expect(start).toBeUndefined();
    expect(instantiate(component, imports(), defaultLimits).run('{}')).toBe('0');
  });

  it('spares an engine of JavaScript most of what its first call costs, and changes nothing else', async () => {
    const component = await load(await buildStarlingMonkey());
    const start = rehearse(component);
    if (start === undefined) expect.unreachable('it kept to itself');
    const [plain, ready] = [await make(component), await make(withStart(component, start))];
    const [text, fuel] = fuelOf(plain, inputs.echo);
    const [same, less] = fuelOf(ready, inputs.echo);
    expect(same).toBe(text);
    expect(less).toBeLessThan(0.6 * fuel);
    expect(ready.instance.reset(imports())).toBe(true);
    expectSame(ready.state(), (await make(withStart(component, start))).state());
    expect(fuelOf(ready, inputs.echo)).toEqual([same, less]);
  });

  it('is the same when it was kept on disk, and is then found out once', async () => {
    const component = await load(await buildStarlingMonkey());
    const start = rehearse(component);
    if (start === undefined) expect.unreachable('it kept to itself');
    await store.keepStart(component.key, await packStart(start));
    const read = (): Promise<Uint8Array> => expect.unreachable('its form was there');
    const other = new ComponentStore(folder);
    const kept = await other.load({ key: component.key, source: 'test', read });
    expect(kept.start).toEqual({ globals: start.globals });
    expectSame((await make(kept)).state(), (await make(withStart(component, start))).state());
    await store.remove(component.key);
  });
});

describe('a component', () => {
  it.each([
    ['none', 'that runs code as it is instantiated', { fields: '(func $begin) (start $begin)' }],
    [
      'ahead',
      'that changes a table',
      { fields: '(table $t 2 funcref) (func (table.set $t (i32.const 0) (ref.null func)))' },
    ],
    [
      'ahead',
      'whose data is not written at the beginning',
      { fields: '(data $late "late") (func (data.drop $late))' },
    ],
    [
      'ahead',
      'that keeps something in a global of no whole numbers',
      { fields: '(global $kept (mut f64) (f64.const nan:0x123))' },
    ],
    ['reset', 'whose every change can be seen', {}],
  ])('is reused as %s: one %s', async (reuse, _what, tool) => {
    expect((await loadWat(tool)).reuse).toBe(reuse);
  });
});
