import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { describe, expect, it } from 'vitest';
import { fuelImport } from '../../model/compiled-component.ts';
import { budget, meterWat } from './fixtures/metered-wat.ts';
import { isExhausted, type MeterForm, meterModule } from './meter-module.ts';

const forms: readonly MeterForm[] = ['cached', 'direct'];

/** Fuel that `run` uses with these arguments, in either form, and what it gives. */
async function use(wat: string, ...args: readonly unknown[]): Promise<{ fuel: number; result: unknown }> {
  const [cached, direct, plain] = await Promise.all([...forms, undefined].map((form) => meterWat(wat, form)));
  const endings = [cached, direct].map((module) => module?.call('run', budget, ...args));
  const original = plain?.call('run', budget, ...args);
  for (const ending of endings) expect(ending?.result).toEqual(original?.result);
  expect(endings[0]?.fuel).toBe(endings[1]?.fuel);
  return { fuel: Number(budget - (endings[0]?.fuel ?? 0n)), result: original?.result };
}

const run = (code: string, more = '') => `(module ${more} (func (export "run") ${code}))`;

describe('an instruction costs 1, wherever it stands', () => {
  it.each([
    ['nothing', '', [], 0],
    ['a straight line', '(result i32) i32.const 1 i32.const 2 i32.add', [], 3],
    ['nop and drop', 'nop i32.const 1 drop', [], 3],
    ['a block, which is free itself', 'block nop end nop', [], 2],
    ['a block that is left early', 'block nop br 0 nop nop end nop', [], 3],
    ['code that can not be reached', '(result i32) i32.const 1 return nop nop i32.const 2', [], 2],
    ['unreachable code with blocks in it', 'return block loop nop br 0 end end if nop else nop end', [], 1],
    ['code behind a dead block that something leads out of', 'block block br 1 end nop nop end nop', [], 2],
    ['if, taken', '(param i32) local.get 0 if nop nop nop else nop end nop', [1], 6],
    ['if, else taken', '(param i32) local.get 0 if nop nop nop else nop end nop', [0], 4],
    ['if without else', '(param i32) local.get 0 if nop end nop', [0], 3],
    ['br_if that is taken', '(param i32) block local.get 0 br_if 0 nop nop end nop', [1], 3],
    ['br_if that is not', '(param i32) block local.get 0 br_if 0 nop nop end nop', [0], 5],
    ['br_if to the end of the function', '(param i32) local.get 0 br_if 0 nop nop', [1], 2],
    [
      'br_if with a value',
      '(param i32) (result i32) block (result i32) i32.const 7 local.get 0 br_if 0 nop end',
      [1],
      3,
    ],
    [
      'several br_if that pass over each other',
      '(param i32) block block local.get 0 br_if 1 nop local.get 0 br_if 0 nop nop end nop nop nop end nop',
      [1],
      3,
    ],
    [
      'the inner of them',
      '(param i32) block block local.get 0 i32.const 2 i32.eq br_if 1 nop local.get 0 br_if 0 nop nop end nop nop nop end nop',
      [1],
      11,
    ],
    ['return in the middle', '(param i32) local.get 0 if return end nop nop', [1], 3],
    [
      'a block with several results',
      '(result i32) block (result i32 i32) i32.const 1 i32.const 2 end i32.add',
      [],
      3,
    ],
    [
      'a block with parameters',
      '(result i32) i32.const 1 i32.const 2 block (param i32 i32) (result i32) i32.add end',
      [],
      3,
    ],
    [
      'select and locals',
      '(param i32) (result i32) (local i32) i32.const 1 local.tee 1 i32.const 2 local.get 0 select',
      [1],
      5,
    ],
  ] as const)('%s', async (_what, code, args, fuel) => {
    expect((await use(run(code), ...args)).fuel).toBe(fuel);
  });

  it('br_table, for each of its targets', async () => {
    const wat = run(
      `(param i32) block block block local.get 0 br_table 0 1 2 end nop nop nop return end nop end nop`,
    );
    expect((await use(wat, 0)).fuel).toBe(2 + 4);
    expect((await use(wat, 1)).fuel).toBe(2 + 2);
    expect((await use(wat, 2)).fuel).toBe(2 + 1);
    expect((await use(wat, 99)).fuel).toBe(2 + 1);
  });

  it('a loop, for each round', async () => {
    const wat = run('(param i32) loop local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end nop nop');
    expect((await use(wat, 1)).fuel).toBe(5 + 2);
    expect((await use(wat, 10)).fuel).toBe(50 + 2);
  });

  it('loops in loops, left from the inside', async () => {
    const wat = run(`(param i32) (local i32)
      block loop
        i32.const 3 local.set 1
        loop
          local.get 1 i32.const 1 i32.sub local.tee 1
          br_if 0
        end
        local.get 0 i32.const 1 i32.sub local.tee 0
        i32.eqz br_if 1
        br 0
      end end nop`);
    expect((await use(wat, 1)).fuel).toBe(2 + 15 + 6 + 1);
    expect((await use(wat, 4)).fuel).toBe(4 * (2 + 15 + 6) + 3 + 1);
  });

  it('a call, with what it calls', async () => {
    const wat = run('call 1 nop', '(func) (func nop nop)').replace('(func) (func', '(func $a) (func $b');
    expect((await use(wat)).fuel).toBe(4);
  });

  it('call_indirect, and a tail call', async () => {
    const callee =
      '(type $t (func (result i32))) (table funcref (elem $f)) (func $f (result i32) nop i32.const 4)';
    expect(await use(run('(result i32) i32.const 0 call_indirect (type $t)', callee))).toEqual({
      fuel: 4,
      result: 4,
    });
    expect((await use(run('(result i32) return_call $f', callee))).fuel).toBe(3);
    expect((await use(run('(result i32) i32.const 0 return_call_indirect (type $t)', callee))).fuel).toBe(4);
  });

  it('SIMD, saturating conversions, sign extension, references', async () => {
    expect((await use(run('(result i32) i32.const 5 i8x16.splat i8x16.extract_lane_u 3'))).fuel).toBe(3);
    expect((await use(run('(result i32) v128.const i32x4 1 2 3 4 i32x4.extract_lane 2'))).fuel).toBe(2);
    expect((await use(run('(result i32) f64.const 1e30 i32.trunc_sat_f64_u i32.extend8_s'))).fuel).toBe(3);
    expect((await use(run('(result i32) ref.null func ref.is_null'))).fuel).toBe(2);
    const memory = '(memory 1)';
    expect(
      (await use(run('(result i32) i32.const 0 v128.load8_splat offset=3 i8x16.extract_lane_s 0', memory)))
        .fuel,
    ).toBe(3);
    expect((await use(run('i32.const 0 v128.const i64x2 1 2 v128.store64_lane 1', memory))).fuel).toBe(3);
  });
});

describe('work by length costs 1 a piece on top', () => {
  const memory = '(memory 1) (data $d "0123456789")';
  const table = '(table $t 10 20 funcref) (elem $e func 0 0 0)';
  it.each([
    ['memory.fill', 'i32.const 0 i32.const 7 i32.const 100 memory.fill', memory, 104],
    ['memory.copy', 'i32.const 0 i32.const 7 i32.const 33 memory.copy nop', memory, 38],
    ['memory.init', 'i32.const 0 i32.const 0 i32.const 9 memory.init $d', memory, 13],
    ['of length 0', 'i32.const 0 i32.const 0 i32.const 0 memory.fill', memory, 4],
    ['table.fill', 'i32.const 0 ref.null func i32.const 10 table.fill $t', table, 14],
    ['table.copy', 'i32.const 0 i32.const 5 i32.const 4 table.copy $t $t', table, 8],
    ['table.init', 'i32.const 0 i32.const 0 i32.const 3 table.init $t $e', table, 7],
    ['memory.grow', 'i32.const 2 memory.grow drop', memory, 5],
    ['memory.grow that is refused', 'i32.const -1 memory.grow drop', memory, 3],
    ['table.grow', 'ref.null func i32.const 10 table.grow $t drop', table, 14],
    ['table.grow that is refused', 'ref.null func i32.const -1 table.grow $t drop', table, 4],
    ['dropping a segment', 'data.drop $d nop', memory, 2],
  ])('%s', async (_what, code, more, fuel) => {
    expect((await use(run(code, more))).fuel).toBe(fuel);
  });

  it.each(forms)('and is refused before it begins when there is not enough (%s)', async (form) => {
    const module = await meterWat(run('i32.const 0 i32.const 7 i32.const 60000 memory.fill', memory), form);
    const { result, fuel } = module.call('run', 1_000n);
    expect(result).toMatch(/^trap: unreachable/);
    expect(isExhausted(fuel)).toBe(true);
    expect(new Uint8Array(module.memory?.buffer ?? new ArrayBuffer(0), 100, 1)[0]).toBe(0);
  });
});

describe('traps and exceptions', () => {
  it('a straight line stays paid when something in its middle traps', async () => {
    const module = run('(param i32) (result i32) nop i32.const 1 local.get 0 i32.div_u nop nop');
    const direct = (await meterWat(module, 'direct')).call('run', 100n, 0);
    expect(direct).toEqual({ result: 'trap: divide by zero', fuel: 94n });
    // Not yet written down: a lower bound.
    expect((await meterWat(module, 'cached')).call('run', 100n, 0).fuel).toBe(100n);
  });

  it.each(forms)('the guest traps by itself: the counter is not below zero (%s)', async (form) => {
    const module = await meterWat(run('nop nop unreachable'), form);
    const { result, fuel } = module.call('run', 3n);
    expect(result).toMatch(/^trap: unreachable/);
    expect(fuel).toBe(0n);
    expect(isExhausted(fuel)).toBe(false);
  });

  it.each(forms)('what the host throws comes through, and is paid up to then (%s)', async (form) => {
    const wat = run('nop call 0 nop nop', '(import "host" "fail" (func))');
    const fail = () => {
      throw new Error('no');
    };
    expect((await meterWat(wat, form, { host: { fail } })).call('run', 10n)).toEqual({
      result: 'thrown: no',
      fuel: 6n,
    });
  });

  it.each(forms)('legacy exceptions are caught and paid (%s)', async (form) => {
    const wat = `(module (tag $t) (func (export "run") (param i32)
      try nop local.get 0 if throw $t end nop catch $t nop nop catch_all nop end nop))`;
    const module = await meterWat(wat, form);
    expect(budget - module.call('run', budget, 1).fuel).toBe(3n + 1n + 2n + 1n);
    expect(budget - module.call('run', budget, 0).fuel).toBe(3n + 1n + 1n);
  });

  it.each(forms)('a catch_all of the guest can not swallow exhaustion (%s)', async (form) => {
    const wat = `(module (func $spin loop br 0 end) (func (export "run") (result i32)
      try call $spin catch_all end i32.const 1))`;
    const { result, fuel } = (await meterWat(wat, form)).call('run', 10_000n);
    expect(result).toMatch(/^trap: unreachable/);
    expect(isExhausted(fuel)).toBe(true);
  });
});

describe.each(forms)('exhaustion (%s)', (form) => {
  const countdown = run('(param i32) loop local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end nop nop');

  it('comes exactly when the fuel is less than what is needed', async () => {
    const module = await meterWat(countdown, form);
    expect(module.call('run', 5_002n, 1_000)).toEqual({ result: undefined, fuel: 0n });
    expect(isExhausted(module.call('run', 5_001n, 1_000).fuel)).toBe(true);
  });

  it('ends at the next loop header or function entry, not long after', async () => {
    const { result, fuel } = (await meterWat(countdown, form)).call('run', 1_000n, 1_000_000);
    expect(result).toMatch(/^trap: unreachable/);
    expect(fuel).toBe(-5n);
  });

  it.each([
    ['a loop without content', run('loop br 0 end')],
    ['loops in loops without content', run('loop loop loop br 2 end end end')],
    ['a branch table', run('loop i32.const 0 br_table 0 0 end')],
    ['recursion without end', '(module (func $f (export "run") call $f))'],
    ['tail calls without end', '(module (func $f (export "run") return_call $f))'],
    [
      'a growing table of calls',
      '(module (type $t (func)) (table funcref (elem $f)) (func $f (export "run") i32.const 0 return_call_indirect (type $t)))',
    ],
  ])('stops %s', async (_what, wat) => {
    const { result, fuel } = (await meterWat(wat, form)).call('run', 3_000n);
    expect(result).toMatch(/^trap: unreachable/);
    expect(isExhausted(fuel)).toBe(true);
  });

  it('leaves an instance that does nothing more, and others untouched', async () => {
    const module = await meterWat(
      '(module (func (export "spin") loop br 0 end) (func (export "run") nop))',
      form,
    );
    const { fuel } = module.call('spin', 100n);
    expect(module.call('run', fuel).result).toMatch(/^trap: unreachable/);
    expect((await meterWat(countdown, form)).call('run', 100n, 1).result).toBeUndefined();
  });

  it('counts at instantiation too, when the module has a start function', async () => {
    const wat = '(module (func $start nop nop nop) (start $start) (func (export "run")))';
    expect((await meterWat(wat, form, {}, 10n)).fuelAtStart).toBe(7n);
    await expect(meterWat('(module (func $s loop br 0 end) (start $s))', form, {}, 10n)).rejects.toThrow(
      'unreachable',
    );
  });
});

describe('the rest of the module', () => {
  const wat = `(module
    (import "env" "base" (global $base i32))
    (import "env" "cell" (global $cell (mut i32)))
    (global $own (mut i32) (i32.const 5))
    (global $sum i32 (i32.add (global.get $base) (i32.const 1)))
    (table (export "table") 8 funcref)
    (memory (export "memory") 1)
    (data (offset (global.get $base)) "A")
    (elem (offset (global.get $base)) func $f)
    (elem declare func $f)
    (elem (table 0) (i32.const 0) funcref (ref.func $f) (ref.null func))
    (func $f (result i32) (i32.const 9))
    (func (export "run") (result i32)
      (global.set $own (i32.add (global.get $own) (global.get $base)))
      (global.set $cell (global.get $own))
      (i32.add (global.get $own) (global.get $sum)))
    (export "own" (global $own)) (export "cell" (global $cell)))`;

  it.each(forms)('keeps its globals, segments, tables and exports (%s)', async (form) => {
    const cell = new WebAssembly.Global({ value: 'i32', mutable: true }, 0);
    const module = await meterWat(wat, form, { env: { base: 3, cell } });
    const exports = module.exports as unknown as Record<string, WebAssembly.Global>;
    expect(module.call('run', budget).result).toBe(8 + 4);
    expect(exports.own?.value).toBe(8);
    expect(exports.cell).toBe(cell);
    expect(cell.value).toBe(8);
    expect(new Uint8Array(module.memory?.buffer ?? new ArrayBuffer(0))[3]).toBe(65);
    expect((module.exports.table as unknown as { get(index: number): () => number }).get(3)()).toBe(9);
  });

  it('exports nothing new, and imports the counter alone', async () => {
    const bytes = meterModule(
      await parse('(module (func (export "run")) (global (export "g") i32 (i32.const 1)))'),
    );
    const module = new WebAssembly.Module(bytes);
    expect(WebAssembly.Module.imports(module)).toEqual([{ ...fuelImport, kind: 'global' }]);
    expect(WebAssembly.Module.exports(module).map(({ name }) => name)).toEqual(['run', 'g']);
  });

  it('keeps names for stack traces, and drops what described the old bytes', async () => {
    const bytes = meterModule(
      await parse(
        '(module (func $thrower (export "run") unreachable) (global $g i32 (i32.const 1)) (@custom "sourceMappingURL" "x"))',
      ),
    );
    const fuel = new WebAssembly.Global({ value: 'i64', mutable: true }, 10n);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { 'kami-limits': { fuel } });
    expect(exports.run).toThrow(expect.objectContaining({ stack: expect.stringContaining('thrower') }));
    expect(Buffer.from(bytes).includes('sourceMappingURL')).toBe(false);
  });

  it('is the same each time, and the input is not touched', async () => {
    const bytes = await parse(wat);
    const before = Uint8Array.from(bytes);
    expect(meterModule(bytes)).toEqual(meterModule(bytes));
    expect(bytes).toEqual(before);
  });
});
