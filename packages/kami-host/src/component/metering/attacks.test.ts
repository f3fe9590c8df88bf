import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { describe, expect, it } from 'vitest';
import { encodeU32, MalformedBinary } from '../binary-reader.ts';
import { boundModule } from '../bound-module.ts';
import { createRandom, randomProgram } from './fixtures/random-program.ts';
import { writeProgram } from './fixtures/random-program-text.ts';
import { meterModule } from './meter-module.ts';

const magic = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const section = (id: number, ...content: number[]) => [id, ...encodeU32(content.length), ...content];

/** A module of one function () → () with this body, locals included. */
function oneFunction(body: readonly number[], more: readonly number[] = []): Uint8Array {
  const code = [1, ...encodeU32(body.length), ...body];
  return Uint8Array.from([
    ...[...magic, ...section(1, 1, 0x60, 0, 0), ...section(3, 1, 0), ...more],
    ...[10, ...encodeU32(code.length)],
    ...code,
  ]);
}

const refused = (bytes: Uint8Array, message: RegExp) => {
  expect(() => meterModule(bytes)).toThrow(MalformedBinary);
  expect(() => meterModule(bytes)).toThrow(message);
};

describe('a module that wants the counter', () => {
  it.each([
    ['imports it', '(import "kami-limits" "fuel" (global (mut i64)))'],
    ['imports something else from there', '(import "kami-limits" "other" (func))'],
    ['imports a function as its memory', '(import "kami-limits" "memory" (func))'],
    [
      'imports a memory from there twice',
      '(import "kami-limits" "memory" (func)) (import "kami-limits" "memory" (memory 1))',
    ],
  ])('%s: refused', async (_what, imports) => {
    refused(await parse(`(module ${imports} (func))`), /imports from kami-limits, which is KAMI's/);
  });

  it('would get it if nobody looked: the counter is found by this name', async () => {
    const wat = `(module (import "kami-limits" "fuel" (global $f (mut i64)))
      (func (export "refill") (global.set $f (i64.const 1000000))))`;
    const fuel = new WebAssembly.Global({ value: 'i64', mutable: true }, 1n);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(await parse(wat)), {
      'kami-limits': { fuel },
    });
    (instance.exports as { refill: () => void }).refill();
    expect(fuel.value).toBe(1_000_000n);
  });

  // Bytes no text parser writes: the first index behind the module's own globals.
  it.each([
    ['reads', [0, 0x23, 0, 0x1a, 0x0b]],
    ['writes', [0, 0x42, 0x7f, 0x24, 0, 0x0b]],
    ['reads, with an index of five bytes,', [0, 0x23, 0x80, 0x80, 0x80, 0x80, 0, 0x1a, 0x0b]],
  ])('%s a global that it does not have: V8 refuses what comes out', (_what, body) => {
    const bytes = meterModule(oneFunction(body));
    expect(() => new WebAssembly.Module(bytes)).toThrow(/Invalid global index: 1/i);
  });

  it('exports a global that it does not have: V8 refuses what comes out', () => {
    const bytes = meterModule(oneFunction([0, 0x0b], section(7, 1, 1, 0x66, 3, 0)));
    expect(() => new WebAssembly.Module(bytes)).toThrow(WebAssembly.CompileError);
  });

  it('names the local in which the counter is cached: refused', () => {
    refused(oneFunction([0, 0x20, 0, 0x1a, 0x0b]), /of 0 locals names local 0/);
    refused(oneFunction([0, 0x42, 0x7f, 0x21, 0, 0x0b]), /of 0 locals names local 0/);
  });

  it('branches to a label that only metering could make: refused', () => {
    refused(oneFunction([0, 0x0c, 1, 0x0b]), /label 1 of 1/);
    refused(oneFunction([0, 0x41, 0, 0x0d, 1, 0x0b]), /label 1 of 1/);
    refused(oneFunction([0, 0x41, 0, 0x0e, 1, 0, 7, 0x0b]), /label 7 of 1/);
  });
});

describe('a module out of measure', () => {
  const huge = (count: number) => [1, ...encodeU32(count), 0x7f, 0x0b];

  it('with two thousand million locals is refused, by count', () => {
    refused(oneFunction(huge(2 ** 31)), /2147483648 locals; 49997 are allowed/);
    refused(
      oneFunction([3, ...huge(2 ** 32 - 1).slice(1, -1), ...huge(2 ** 32 - 1).slice(1, -1), 1, 0x7f, 0x0b]),
      /locals/,
    );
  });

  it('with as many locals as fit is metered', () => {
    expect(new WebAssembly.Module(meterModule(oneFunction(huge(49_997))))).toBeInstanceOf(WebAssembly.Module);
  });

  const nested = (opcode: number, depth: number, locals: readonly number[] = [0]) =>
    oneFunction([
      ...locals,
      ...new Array(depth).fill([opcode, 0x40]).flat(),
      ...new Array(depth).fill(0x0b),
      0x0b,
    ]);

  it.each([10_000, 100_000, 400_000])('with %d blocks in each other takes no stack', (depth) => {
    expect(meterModule(nested(0x02, depth)).length).toBeGreaterThan(depth * 3);
    expect(meterModule(nested(0x03, depth)).length).toBeGreaterThan(depth * 3);
  });

  it('with more blocks than V8 compiles in bounded memory is refused, and with fewer if it has more locals', () => {
    refused(nested(0x02, 1_000_000), /0 locals has 1000000 branches; 500000 are allowed/);
    const locals = [1, ...encodeU32(40_000), 0x7f];
    refused(nested(0x02, 100_000, locals), /40000 locals has 100000 branches/);
    expect(meterModule(nested(0x02, 300, locals)).length).toBeGreaterThan(0);
    const table = [0, 0x41, 0, 0x0e, ...encodeU32(1_000_000), ...new Array(1_000_000).fill(0), 0, 0x0b];
    refused(oneFunction(table), /1000001 branches/);
    const ifs = [...locals, ...new Array(1_000).fill([0x41, 0, 0x04, 0x40, 0x0b]).flat(), 0x0b];
    refused(oneFunction(ifs), /1000 branches/);
  });

  it('whose function grows beyond what V8 takes is refused', () => {
    const body = [0, ...new Array(3_000_000).fill([0x10, 0]).flat(), 0x0b];
    refused(oneFunction(body), /bytes when metered; 7654321 are allowed/);
  });

  it('that announces a thousand million types, functions or items makes nothing of them', () => {
    const many = encodeU32(1_000_000_000);
    refused(Uint8Array.from([...magic, ...section(1, ...many)]), /1000000000 types/);
    refused(Uint8Array.from([...magic, ...section(3, ...many)]), /1000000000 functions/);
    refused(Uint8Array.from([...magic, ...section(2, ...many)]), /ends/);
    refused(Uint8Array.from([...magic, ...section(9, ...many)]), /ends/);
  });
});

describe('what KAMI does not run is refused by name', () => {
  it.each([
    ['garbage collection', '(module (type (struct)))', /type of garbage collection/],
    ['its instructions', '(module (func (result anyref) (ref.i31 (i32.const 1))))', /garbage collection/],
    ['threads', '(module (memory 1) (func (result i32) (i32.atomic.load (i32.const 0))))', /uses threads/],
    [
      'typed references',
      '(module (type $t (func)) (func (param (ref $t)) (call_ref $t (local.get 0))))',
      /garbage collection/,
    ],
    [
      'br_on_null',
      '(module (func (param funcref) (block (br_on_null 0 (local.get 0)) drop)))',
      /uses typed references/,
    ],
    [
      'relaxed SIMD',
      '(module (func (param v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 0))))',
      /relaxed SIMD/,
    ],
    ['a shared memory', '(module (import "a" "b" (memory 1 2 shared)))', /shared or 64-bit/],
    ['a memory of 64 bits', '(module (import "a" "b" (memory i64 1)))', /shared or 64-bit/],
    ['a table of 64 bits', '(module (import "a" "b" (table i64 1 funcref)))', /shared or 64-bit/],
    [
      'several memories',
      '(module (memory 1) (memory 1) (func (result i32) (i32.load 1 (i32.const 0))))',
      /more than one memory/,
    ],
    [
      'wide arithmetic',
      '(module (func (param i64) (result i64 i64) (i64.mul_wide_s (local.get 0) (local.get 0))))',
      /0xfc 21/,
    ],
  ])('%s', async (_what, wat, message) => {
    refused(await parse(wat), message);
  });

  it('unknown instructions and sections, sections out of order, no module at all', () => {
    refused(oneFunction([0, 0xff, 0x0b]), /unknown instruction 0xff/);
    refused(oneFunction([0, 0xfd, 0x9a, 0x01, 0x0b]), /unknown instruction 0xfd 154/);
    refused(oneFunction([0, 0xfd, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x0b]), /SIMD/);
    refused(oneFunction([0, 0xfc, 0xff, 0xff, 0x03, 0x0b]), /unknown instruction 0xfc/);
    refused(Uint8Array.from([...magic, ...section(14, 0)]), /unknown kind 14/);
    refused(Uint8Array.from([...magic, ...section(3, 0), ...section(2, 0)]), /out of order/);
    refused(Uint8Array.from([...magic, ...section(2, 0), ...section(2, 0)]), /a second one/);
    refused(new Uint8Array(0), /no core module/);
    refused(Uint8Array.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]), /no core module/);
  });

  it('code that does not match: an end too few or many, else and catch without their start', () => {
    refused(oneFunction([0]), /ends at byte/);
    refused(oneFunction([0, 0x02, 0x40, 0x0b]), /ends at byte/);
    refused(oneFunction([0, 0x0b, 0x0b]), /behind its end/);
    refused(oneFunction([0, 0x05, 0x0b]), /follows no if/);
    refused(oneFunction([0, 0x19, 0x0b]), /follows no try/);
    refused(oneFunction([0, 0x18, 0, 0x0b]), /follows no try/);
  });
});

describe('damaged bytes', () => {
  /** Either refused by name, or metered; never anything else. V8 has the last word on what comes out. */
  function meteredOrRefused(bytes: Uint8Array): boolean {
    try {
      return WebAssembly.validate(meterModule(bytes));
    } catch (error) {
      expect(error).toBeInstanceOf(MalformedBinary);
      return false;
    }
  }

  it('are told from a module at every length, and for every flipped byte', async () => {
    const whole = boundModule(
      await parse(`(module
        (type $t (func (param i32) (result i32)))
        (import "a" "g" (global i32)) (import "a" "f" (func (type $t)))
        (memory 1) (table 3 funcref) (global (mut i32) (i32.const 3)) (global i32 (global.get 0))
        (tag $e) (export "x" (global 1)) (elem (i32.const 0) func 0 1) (data (i32.const 3) "abc")
        (func (type $t) (local i64 i32)
          block try local.get 0 br_if 1 throw $e catch_all end end
          loop local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end
          i32.const 0 i32.const 1 i32.const 2 memory.fill
          local.get 0 if (result i32) i32.const 1 call 1 else i32.const 2 i32.const 0 call_indirect (type $t) end))`),
    ).bytes;
    expect(meteredOrRefused(whole)).toBe(true);
    let metered = 0;
    for (let length = 0; length < whole.length; length++)
      metered += Number(meteredOrRefused(whole.subarray(0, length)));
    for (let index = 0; index < whole.length; index++) {
      for (let bit = 0; bit < 8; bit++) {
        const damaged = Uint8Array.from(whole);
        damaged[index] = (damaged[index] as number) ^ (1 << bit);
        metered += Number(meteredOrRefused(damaged));
      }
    }
    expect(metered).toBeGreaterThan(0);
  });

  it('stay what they are for V8: what it refuses does not become valid by metering', async () => {
    const random = createRandom(11);
    let refusedBefore = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const { bytes } = boundModule(
        await parse(writeProgram(randomProgram(createRandom(seed), { mayTrap: false }))),
      );
      for (let round = 0; round < 100; round++) {
        const damaged = Uint8Array.from(bytes);
        for (let flips = 1 + random(3); flips > 0; flips--)
          damaged[8 + random(bytes.length - 8)] = random(256);
        const before = WebAssembly.validate(damaged);
        refusedBefore += Number(!before);
        if (!before)
          expect({ seed, round, valid: meteredOrRefused(damaged) }).toEqual({ seed, round, valid: false });
      }
    }
    expect(refusedBefore).toBeGreaterThan(1_000);
  }, 60_000);
});
