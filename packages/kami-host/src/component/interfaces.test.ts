import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { describe, expect, it } from 'vitest';
import { KamiError } from '../errors/kami-error.ts';
import { checkInterfaces } from './interfaces.ts';

/** A component with instance imports of these names, and the export that makes it a tool. */
async function component(imports: readonly string[], exported = 'kami:tool/tool@0.1.0'): Promise<Uint8Array> {
  const imported = imports.map((name) => `(import "${name}" (instance))`).join('\n');
  return parse(`(component ${imported} (instance $tool) (export "${exported}" (instance $tool)))`);
}

function errorOf(bytes: Uint8Array): KamiError {
  try {
    checkInterfaces(bytes, 'tool.wasm');
  } catch (error) {
    if (error instanceof KamiError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('checkInterfaces', () => {
  it('reads the names of imports and exports', async () => {
    const imports = ['kami:tool/host@0.1.0', 'wasi:io/poll@0.2.10', 'wasi:clocks/wall-clock@0.2.0'];
    expect(checkInterfaces(await component(imports), 'tool.wasm')).toEqual({
      imports,
      exports: ['kami:tool/tool@0.1.0'],
    });
  });

  it.each([
    'wasi:io/poll@0.3.0',
    'wasi:nn/graph@0.2.0',
    'kami:tool/host@0.2.0',
    'node:vm/script@0.2.0',
    'wasi:cli/constructor@0.2.0',
  ])('refuses to import %s, and names it', async (name) => {
    const error = errorOf(await component(['wasi:io/poll@0.2.0', name]));
    expect(error.code).toBe('KAMI_COMPONENT_IMPORT_REFUSED');
    expect(error.message).toContain(name);
    expect(error.message).not.toContain('wasi:io/poll@0.2.0');
  });

  it.each(['vm', 'fs', 'process', 'constructor', 'to-string'])(
    'refuses the plain import %s',
    async (name) => {
      const error = errorOf(await component([name]));
      expect(error.code).toBe('KAMI_COMPONENT_IMPORT_REFUSED');
      expect(error.data).toEqual({ refused: [name] });
    },
  );

  it('says which world a foreign component is of', async () => {
    const error = errorOf(await component([], 'wasi:cli/run@0.2.0'));
    expect(error.code).toBe('KAMI_COMPONENT_WRONG_WORLD');
    expect(error.message).toContain('wasi:cli/run@0.2.0');
  });

  it('tells a core module, an empty file and a text from a component', async () => {
    expect(errorOf(await parse('(module)')).code).toBe('KAMI_COMPONENT_IS_CORE_MODULE');
    expect(errorOf(new Uint8Array()).message).toContain('it is empty');
    expect(errorOf(new TextEncoder().encode('export default 1;')).code).toBe('KAMI_COMPONENT_INVALID');
    expect(errorOf(new Uint8Array([0, 97, 115, 109, 14, 0, 1, 0])).message).toContain('version 14');
  });

  it('never fails otherwise than by a KamiError, whatever is cut off or flipped', async () => {
    const whole = await component(['wasi:io/poll@0.2.0', 'kami:tool/host@0.1.0']);
    const outcomes = new Set<string>();
    for (let length = 0; length < whole.length; length++) {
      try {
        checkInterfaces(whole.subarray(0, length), 'tool.wasm');
      } catch (error) {
        expect(error).toBeInstanceOf(KamiError);
        outcomes.add((error as KamiError).code);
      }
    }
    expect([...outcomes].sort()).toEqual(['KAMI_COMPONENT_INVALID', 'KAMI_COMPONENT_WRONG_WORLD']);
    for (let index = 0; index < whole.length; index++) {
      const damaged = Uint8Array.from(whole);
      damaged[index] = (damaged[index] as number) ^ 0xff;
      try {
        checkInterfaces(damaged, 'tool.wasm');
      } catch (error) {
        expect(error).toBeInstanceOf(KamiError);
      }
    }
  });
});
