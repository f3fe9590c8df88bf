import { componentEmbed, componentNew, parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { describe, expect, it } from 'vitest';
import { KamiError } from '../errors/kami-error.ts';
import { readImportedTypes } from './imported-types.ts';
import { checkImportedTypes } from './imported-types-check.ts';

/** A component whose world imports what the WIT text says; it has no code. */
async function importer(wit: string): Promise<Uint8Array> {
  return componentNew(await componentEmbed({ witSource: wit, dummy: true, world: 'w' }), []);
}

function errorOf(bytes: Uint8Array): KamiError {
  try {
    checkImportedTypes(bytes, 'tool.wasm');
  } catch (error) {
    if (error instanceof KamiError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

const host = (log: string) => `package kami:types;
package kami:tool@0.1.0 {
  interface host {
    enum log-level { trace, debug, info, warn, error }
    ${log}
  }
}
world w { import kami:tool/host@0.1.0; }`;

describe('readImportedTypes', () => {
  it('expands every type to what it is made of', async () => {
    const bytes = await importer(`package a:b;
      interface i {
        record point { x: s32, y: option<f64> }
        variant shape { dot(point), line(tuple<point, point>), none }
        flags style { bold, thin }
        resource pen {
          constructor(style: style);
          draw: func(shape: shape) -> result<list<u8>, string>;
          all: static func(pens: list<borrow<pen>>) -> result;
        }
      }
      interface j {
        use i.{pen, point};
        lend: func(pen: borrow<pen>, at: point) -> pen;
      }
      world w { import i; import j; }`);
    const types = readImportedTypes(bytes);
    const point = 'record{x: s32, y: option<f64>}';
    expect(Object.fromEntries(types.get('a:b/i') ?? [])).toEqual({
      point,
      shape: `variant{dot(${point}), line(tuple<${point}, ${point}>), none}`,
      style: 'flags{bold, thin}',
      pen: 'resource',
      '[constructor]pen': 'func(style: flags{bold, thin}) -> own<resource pen>',
      '[method]pen.draw': `func(self: borrow<resource pen>, shape: variant{dot(${point}), line(tuple<${point}, ${point}>), none}) -> result<list<u8>, string>`,
      '[static]pen.all': 'func(pens: list<borrow<resource pen>>) -> result<_, _>',
    });
    expect(types.get('a:b/j')?.get('lend')).toBe(
      `func(pen: borrow<resource a:b/i/pen>, at: ${point}) -> own<resource a:b/i/pen>`,
    );
  });
});

describe('checkImportedTypes', () => {
  it('accepts what KAMI offers', async () => {
    const bytes = await importer(host('log: func(level: log-level, message: string);'));
    expect(() => checkImportedTypes(bytes, 'tool.wasm')).not.toThrow();
  });

  it.each([
    ['takes another type', 'log: func(level: log-level, message: list<list<u8>>);'],
    ['gives something', 'log: func(level: log-level, message: string) -> string;'],
    ['takes more', 'log: func(level: log-level, message: string, more: u8);'],
    ['names its parameters otherwise', 'log: func(severity: log-level, message: string);'],
  ])('refuses a known function that %s', async (_what, log) => {
    const error = errorOf(await importer(host(log)));
    expect(error.code).toBe('KAMI_COMPONENT_IMPORT_REFUSED');
    expect(error.message).toContain('log of kami:tool/host@0.1.0 has another type');
  });

  it('refuses an unknown function of a known interface', async () => {
    const error = errorOf(await importer(host('exec: func(command: string) -> string;')));
    expect(error.message).toContain('kami:tool/host@0.1.0 has no exec');
  });

  it('refuses an unknown interface, also one named like a member of every object', async () => {
    const bytes = await parse('(component (import "constructor" (instance)))');
    expect(errorOf(bytes).message).toContain('constructor');
  });

  it('refuses types that would grow without bound when written out', async () => {
    const doubled = Array.from({ length: 40 }, (_, n) => `type t${n + 1} = tuple<t${n}, t${n}>;`).join('\n');
    const bytes = await importer(host(`type t0 = u8;\n${doubled}\nlog: func(message: t40);`)).catch(
      () => undefined,
    );
    // Where the tool chain itself refuses it there is nothing to attack with.
    if (bytes !== undefined) expect(errorOf(bytes).message).toContain('too large');
  });

  it('never fails otherwise than by a KamiError, whatever is cut off or flipped', async () => {
    const whole = await importer(host('log: func(level: log-level, message: string);'));
    const damagedCopies = [
      ...Array.from({ length: whole.length - 8 }, (_, n) => whole.subarray(0, n + 8)),
      ...Array.from({ length: whole.length - 8 }, (_, n) => {
        const copy = Uint8Array.from(whole);
        copy[n + 8] = (copy[n + 8] as number) ^ 0xff;
        return copy;
      }),
    ];
    for (const bytes of damagedCopies) {
      try {
        checkImportedTypes(bytes, 'tool.wasm');
      } catch (error) {
        expect(error).toBeInstanceOf(KamiError);
      }
    }
  });
});
