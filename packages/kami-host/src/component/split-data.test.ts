import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { describe, expect, it } from 'vitest';
import { memoryImport } from '../model/compiled-component.ts';
import { applySnapshot, packSnapshot } from '../model/snapshot.ts';
import { boundModule } from './bound-module.ts';
import { compressSnapshot, expandSnapshot } from './snapshot-file.ts';
import { splitData } from './split-data.ts';

const pages = 4;
const text = (length: number, letter: string) => letter.repeat(length);
const module = (data: string, code = '') => `(module
  (memory (export "memory") ${pages})
  ${data}
  (global (export "size") i32 (i32.const 7))
  (func (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0)))
  ${code})`;

/** The memory of a module as it is once instantiated. */
function memoryOf(bytes: Uint8Array, prepare: (memory: Uint8Array) => void = () => {}): Uint8Array {
  const memory = new WebAssembly.Memory({ initial: pages });
  prepare(new Uint8Array(memory.buffer));
  new WebAssembly.Instance(new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>), {
    [memoryImport.module]: { [memoryImport.name]: memory },
  });
  return new Uint8Array(memory.buffer);
}

describe('a module whose data is taken out', () => {
  it.each([
    ['one segment', `(data (i32.const 16) "${text(70_000, 'a')}")`],
    [
      'segments that overlap, touch, leave gaps and come in any order',
      `(data (i32.const 150000) "${text(30_000, 'c')}")
       (data (i32.const 100) "${text(40_000, 'a')}")
       (data (i32.const 200) "${text(20, 'b')}")
       (data (i32.const 40100) "d")
       (data (i32.const 40400) "e")
       (data (i32.const ${pages * 65_536 - 1}) "f")
       (data (i32.const 100000) "")`,
    ],
  ])('has the same memory with %s', async (_what, data) => {
    const { bytes } = boundModule(await parse(module(data)));
    const split = splitData(bytes, pages) ?? expect.unreachable('it was not split');
    const packed = packSnapshot(split.data, pages * 65_536);
    const expanded = await expandSnapshot(await compressSnapshot(packed), packed.length);
    const restored = memoryOf(split.engine, (memory) => applySnapshot(expanded, memory));
    expect(Buffer.compare(restored, memoryOf(bytes))).toBe(0);
  });

  it('is the same for all that differ in their data and their names alone', async () => {
    const engines = await Promise.all(
      ['a', 'b'].map(async (letter) => {
        const wat = module(`(data (i32.const 0) "${text(70_000, letter)}")`, `(func $named_${letter})`);
        return splitData(boundModule(await parse(wat)).bytes, pages)?.engine;
      }),
    );
    expect(engines[0]).toEqual(engines[1]);
  });

  it.each([
    ['passive', `(data "${text(70_000, 'a')}")`],
    ['placed by a global', `(data (global.get 0) "${text(70_000, 'a')}")`],
    ['not within the memory', `(data (i32.const 200000) "${text(70_000, 'a')}")`],
    ['at a negative place', `(data (i32.const -1) "${text(70_000, 'a')}")`],
  ])('stays whole when a segment is %s', async (_what, data) => {
    const wat = module(data).replace('(module', '(module (import "kami" "base" (global i32))');
    expect(splitData(boundModule(await parse(wat)).bytes, pages)).toBeUndefined();
  });

  it('does not compile without its data when its code names a segment, which is how that is told', async () => {
    const data = `(data $named (i32.const 0) "${text(70_000, 'a')}")`;
    const { bytes } = boundModule(await parse(module(data, '(func (data.drop $named))')));
    const split = splitData(bytes, pages) ?? expect.unreachable('it was not split');
    expect(() => new WebAssembly.Module(split.engine as Uint8Array<ArrayBuffer>)).toThrow(
      WebAssembly.CompileError,
    );
  });
});

it('a snapshot that is cut, longer than announced or no snapshot is refused', async () => {
  const packed = packSnapshot([{ offset: 3, bytes: new Uint8Array(9).fill(1) }], 65_536);
  const compressed = await compressSnapshot(packed);
  for (const [bytes, size] of [
    [compressed.subarray(0, -2), packed.length],
    [compressed, packed.length - 1],
    [compressed, packed.length + 1],
    [new Uint8Array([1, 2, 3]), packed.length],
  ] as const) {
    await expect(expandSnapshot(bytes, size)).rejects.toMatchObject({ name: 'MalformedBinary' });
  }
});
