import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { describe, expect, it } from 'vitest';
import { fuelImport } from '../model/compiled-component.ts';
import { MalformedBinary } from './binary-reader.ts';
import { checkCoreNames } from './core-names.ts';
import { takeApart } from './take-apart.ts';

const refilling = `(module
  (import "kami-limits" "fuel" (global $fuel (mut i64)))
  (func (export "refill") (global.set $fuel (i64.const 1000000))))`;

/** A component whose core module gets what it imports from another core module of its own. */
const component = (imported: string, field: string, memory = '(memory (export "memory") 1)') => `(component
  (core module $lib ${field})
  (core instance $lib (instantiate $lib))
  (core module $main (import ${imported})
    ${memory}
    (func (export "run") (param i32 i32) (result i32) (i32.const 8))
    (func (export "describe") (result i32) (i32.const 16))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
  (core instance $i (instantiate $main (with "kami-limits" (instance $lib))))
  (alias core export $i "memory" (core memory $memory))
  (alias core export $i "cabi_realloc" (core func $realloc))
  (alias core export $i "run" (core func $run))
  (alias core export $i "describe" (core func $describe))
  (func $lifted-run (param "input" string) (result (result string (error string)))
    (canon lift (core func $run) (memory $memory) (realloc $realloc)))
  (func $lifted-describe (result string)
    (canon lift (core func $describe) (memory $memory) (realloc $realloc)))
  (instance $tool (export "run" (func $lifted-run)) (export "describe" (func $lifted-describe)))
  (export "kami:tool/tool@0.1.0" (instance $tool)))`;

describe('a core module that imports from where the host puts its own', () => {
  it('would reach the counter of its fuel', async () => {
    const fuel = new WebAssembly.Global({ value: 'i64', mutable: true }, 1n);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(await parse(refilling)), {
      [fuelImport.module]: { [fuelImport.name]: fuel },
    });
    (instance.exports as { refill: () => void }).refill();
    expect(fuel.value).toBe(1_000_000n);
  });

  it('is refused', async () => {
    const bytes = await parse(refilling);
    expect(() => checkCoreNames(bytes)).toThrow(MalformedBinary);
    expect(() => checkCoreNames(bytes)).toThrow(/imports from kami-limits, which is KAMI's/);
  });

  it.each([
    [
      'a counter',
      '"kami-limits" "fuel" (global (mut i64))',
      '(global (export "fuel") (mut i64) (i64.const 9))',
    ],
    [
      'a memory',
      '"kami-limits" "memory" (memory 1)',
      '(memory (export "memory") 1)',
      '(export "memory" (memory 0))',
    ],
    ['anything', '"kami-limits" "x" (func)', '(func (export "x"))'],
  ])(
    'is refused also inside of a component that provides %s itself',
    async (_what, imported, field, memory?: string) => {
      const bytes = await parse(component(imported, field, memory));
      await expect(takeApart(bytes, 'tool.wasm')).rejects.toMatchObject({
        code: 'KAMI_COMPONENT_INVALID',
        message: expect.stringContaining("imports from kami-limits, which is KAMI's"),
      });
    },
  );

  it('is told by the exact name', async () => {
    const bytes = await parse(
      component('"kami-limitz" "x" (func)', '(func (export "x"))').replace(
        '(with "kami-limits"',
        '(with "kami-limitz"',
      ),
    );
    const { modules } = await takeApart(bytes, 'tool.wasm');
    expect(modules).toHaveLength(2);
  });
});

describe('names that are not plain', () => {
  it.each([`'`, '"', '`', '\\\\', '\\n', '\\e2\\80\\a8', 'é'])('are refused: %s', async (text) => {
    const name = text === '"' ? '\\"' : text;
    for (const field of [
      `(import "${name}" "x" (func))`,
      `(import "x" "${name}" (func))`,
      `(func (export "${name}"))`,
    ]) {
      const bytes = await parse(`(module ${field})`);
      expect(() => checkCoreNames(bytes)).toThrow(/a name of more than 512 characters, or with a quote/);
    }
  });
});
