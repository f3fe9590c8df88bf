import { spawnSync } from 'node:child_process';
import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { describe, expect, it } from 'vitest';
import { memoryImport } from '../model/compiled-component.ts';
import { MalformedBinary } from './binary-reader.ts';
import { boundModule, maxTableEntries } from './bound-module.ts';

/** Instantiates what boundModule made, with a memory of the given maximum. */
async function instantiate(wat: string, maximumPages: number, imports: WebAssembly.Imports = {}) {
  const { bytes, memory } = boundModule(await parse(wat));
  const provided = new WebAssembly.Memory({ initial: memory?.initialPages ?? 0, maximum: maximumPages });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    ...imports,
    [memoryImport.module]: { [memoryImport.name]: provided },
  });
  return { provided, exports: instance.exports as Record<string, (...args: number[]) => number> };
}

const grower = `(module
  (memory (export "memory") 2)
  (data (i32.const 8) "\\2a")
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0))))`;

describe('a memory', () => {
  it('is provided by the host and keeps its content, exports and index', async () => {
    const { exports, provided } = await instantiate(grower, 4);
    expect(exports.peek?.(8)).toBe(42);
    expect(exports.memory).toBe(provided);
  });

  it('grows to the maximum that the host chose, and not beyond', async () => {
    const { exports, provided } = await instantiate(grower, 4);
    expect(exports.grow?.(2)).toBe(2);
    expect(exports.grow?.(1)).toBe(-1);
    expect(provided.buffer.byteLength).toBe(4 * 65_536);
  });

  it('would grow without bound if it were left alone', async () => {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(await parse(grower)));
    const { grow } = instance.exports as { grow: (pages: number) => number };
    expect(grow(100)).toBe(2);
  });

  it('of a module that imports other things joins them without shifting an index', async () => {
    const calls: number[] = [];
    const { exports } = await instantiate(
      `(module
        (import "host" "note" (func $note (param i32)))
        (import "host" "base" (global $base i32))
        (memory 1)
        (func $double (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
        (func (export "run") (param i32) (result i32)
          (call $note (local.get 0))
          (i32.add (global.get $base) (call $double (local.get 0)))))`,
      1,
      { host: { note: (value: number) => calls.push(value), base: 100 } },
    );
    expect(exports.run?.(4)).toBe(108);
    expect(calls).toEqual([4]);
  });

  it('says how large it is declared', async () => {
    expect(boundModule(await parse('(module (memory 3 7) (func))')).memory).toEqual({
      initialPages: 3,
      maximumPages: 7,
    });
    expect(boundModule(await parse('(module (memory 3) (func))')).memory?.maximumPages).toBeUndefined();
  });

  it.each([
    ['several of them', '(module (memory 1) (memory 1) (func))', /more than one memory/],
    ['a shared one', '(module (memory 1 2 shared) (func))', /shared or 64-bit memory/],
    ['one of 64 bits', '(module (memory i64 1) (func))', /shared or 64-bit memory/],
  ])('is refused when there are %s', async (_what, wat, message) => {
    const bytes = await parse(wat);
    expect(() => boundModule(bytes)).toThrow(MalformedBinary);
    expect(() => boundModule(bytes)).toThrow(message);
  });
});

describe('a table', () => {
  const table = (limits: string) => `(module
    (table (export "table") ${limits} funcref)
    (func (export "grow") (param i32) (result i32) (table.grow (ref.null func) (local.get 0))))`;

  it('without a maximum can not grow past the bound, where V8 would end the process', async () => {
    const { exports } = await instantiate(table('1'), 0);
    expect(exports.grow?.(maxTableEntries - 1)).toBe(1);
    expect(exports.grow?.(1)).toBe(-1);
  });

  it('keeps a smaller maximum of its own', async () => {
    const { exports } = await instantiate(table('1 10'), 0);
    expect(exports.grow?.(9)).toBe(1);
    expect(exports.grow?.(1)).toBe(-1);
  });

  it('that begins beyond the bound is refused', async () => {
    const bytes = await parse(table(String(maxTableEntries + 1)));
    expect(() => boundModule(bytes)).toThrow(/table of 100001 entries/);
  });
});

describe('a table that grows by millions', () => {
  const tables = [0, 1, 2, 3, 4, 5, 6, 7];
  const greedy = `(module
    ${tables.map(() => '(table 1 externref)').join('\n')}
    (func (export "grow") (result i32)
      ${tables.map((index) => `(table.grow ${index} (ref.null extern) (i32.const 9000000))`).join('\n')}
      ${tables
        .slice(1)
        .map(() => '(i32.add)')
        .join(' ')}))`;

  /** Grows it in a worker thread with the limits of ours, in a process of its own. How the process ended. */
  function growApart(bytes: Uint8Array): { readonly ended: string; readonly said: string } {
    const thread = `
      const { parentPort, workerData } = require('node:worker_threads');
      const instance = new WebAssembly.Instance(new WebAssembly.Module(workerData));
      parentPort.postMessage(instance.exports.grow());`;
    const main = `
      const { Worker } = require('node:worker_threads');
      const bytes = Buffer.from(${JSON.stringify(Buffer.from(bytes).toString('base64'))}, 'base64');
      const worker = new Worker(${JSON.stringify(thread)}, {
        eval: true, workerData: bytes, resourceLimits: { maxOldGenerationSizeMb: 64 } });
      worker.on('message', (grown) => console.log(grown));
      worker.on('error', () => {});`;
    const { status, signal, stdout } = spawnSync(process.execPath, ['-e', main], { encoding: 'utf8' });
    return { ended: signal ?? `exit ${status}`, said: stdout.trim() };
  }

  it('would abort the process, worker thread or not', async () => {
    expect(growApart(await parse(greedy)).ended).toMatch(/^(SIG|exit 1[23]\d)/);
  });

  it('can’t: growing fails, as it may', async () => {
    expect(growApart(boundModule(await parse(greedy)).bytes)).toEqual({ ended: 'exit 0', said: '-8' });
  });
});

describe('damaged bytes', () => {
  it('are told from a module, at every length and for every flipped byte', async () => {
    const whole = await parse(grower);
    for (let length = 8; length < whole.length; length++) expectBoundedOrRefused(whole.subarray(0, length));
    for (let index = 8; index < whole.length; index++) {
      for (const mask of [0x01, 0x80, 0xff]) {
        const damaged = Uint8Array.from(whole);
        damaged[index] = (damaged[index] as number) ^ mask;
        expectBoundedOrRefused(damaged);
      }
    }
  });

  /** Either it is refused by name, or V8 says the same of the result as of the bytes. */
  function expectBoundedOrRefused(bytes: Uint8Array): void {
    try {
      const { memory } = boundModule(bytes);
      expect(memory === undefined || memory.initialPages >= 0).toBe(true);
    } catch (error) {
      expect(error).toBeInstanceOf(MalformedBinary);
    }
  }
});
