import { KamiError } from '../errors/kami-error.ts';
import { isOffered, toolExport } from '../model/contract.ts';
import { BinaryReader, MalformedBinary, readSections } from './binary-reader.ts';
import { readExternName, skipExternType } from './component-types.ts';

/** The names of a component's outer imports and exports, such as `wasi:io/poll@0.2.10`. */
export interface ComponentInterfaces {
  readonly imports: readonly string[];
  readonly exports: readonly string[];
}

/** No tool is larger: a component of the StarlingMonkey engine has 12 MB. */
export const maxComponentBytes = 128 * 1024 * 1024;

const importSection = 10;
const exportSection = 11;
const instanceSort = 0x05;

/**
 * Checks that bytes are a component of the world `kami-tool` that imports nothing the host does not offer,
 * without running or compiling any of it.
 * @param source how to call the bytes in an error, usually their path
 * @throws KamiError `KAMI_COMPONENT_TOO_LARGE`, `KAMI_COMPONENT_IS_CORE_MODULE`, `KAMI_COMPONENT_INVALID`,
 *   `KAMI_COMPONENT_WRONG_WORLD`, `KAMI_COMPONENT_IMPORT_REFUSED`
 */
export function checkInterfaces(bytes: Uint8Array, source: string): ComponentInterfaces {
  checkPreamble(bytes, source);
  const interfaces = readInterfaces(bytes, source);

  if (!interfaces.exports.includes(toolExport)) {
    const found = interfaces.exports.length === 0 ? 'nothing' : interfaces.exports.slice(0, 8).join(', ');
    throw new KamiError('KAMI_COMPONENT_WRONG_WORLD', {
      message: `${source} is a component of another world: a KAMI tool exports ${toolExport}, this one exports ${found}.`,
      fix: 'Build it against the world kami:tool/kami-tool@0.1.0, for TypeScript with `kami build`.',
      data: { exports: interfaces.exports },
    });
  }
  const refused = interfaces.imports.filter((name) => !isOffered(name));
  if (refused.length > 0) {
    throw new KamiError('KAMI_COMPONENT_IMPORT_REFUSED', {
      message: `${source} imports what KAMI does not offer: ${refused.slice(0, 8).join(', ')}.`,
      fix: 'Rebuild the component without these imports; docs/SANDBOX.md lists the interfaces KAMI offers.',
      data: { refused },
    });
  }
  return interfaces;
}

function checkPreamble(bytes: Uint8Array, source: string): void {
  if (bytes.length > maxComponentBytes) throw tooLargeComponent(bytes.length, source);
  const hasMagic = bytes[0] === 0x00 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;
  if (!hasMagic || bytes.length < 8) {
    throw new KamiError('KAMI_COMPONENT_INVALID', {
      message: `${source} is not a WebAssembly component: ${bytes.length === 0 ? 'it is empty' : 'it does not begin with the bytes of one'}.`,
      fix: 'Name a .wasm file that `kami build` made, or any component of the world kami:tool/kami-tool@0.1.0.',
    });
  }
  // Version field, then layer field: 1,0 is a core module, 13,1 a component (component model, Binary.md).
  const version = (bytes[4] as number) | ((bytes[5] as number) << 8);
  const layer = (bytes[6] as number) | ((bytes[7] as number) << 8);
  if (version === 1 && layer === 0) {
    throw new KamiError('KAMI_COMPONENT_IS_CORE_MODULE', {
      message: `${source} is a core WebAssembly module, not a component.`,
      fix: 'Turn it into a component, for instance with `wasm-tools component new`, or build the tool with `kami build`.',
    });
  }
  if (version !== 13 || layer !== 1) {
    throw new KamiError('KAMI_COMPONENT_INVALID', {
      message: `${source} is a WebAssembly file of version ${version}, layer ${layer}; KAMI reads components of version 13, layer 1.`,
      fix: 'Rebuild it with a present tool chain.',
    });
  }
}

function readInterfaces(bytes: Uint8Array, source: string): ComponentInterfaces {
  const imports: string[] = [];
  const exports: string[] = [];
  try {
    for (const section of readSections(bytes)) {
      const reader = new BinaryReader(bytes, section.start, section.end);
      if (section.id === importSection) {
        for (let left = reader.u32(); left > 0; left--) {
          imports.push(readExternName(reader));
          skipExternType(reader);
        }
      } else if (section.id === exportSection) {
        for (let left = reader.u32(); left > 0; left--) {
          const name = readExternName(reader);
          const sort = reader.byte();
          if (sort === 0x00) reader.byte();
          reader.u32();
          if (reader.byte() === 0x01) skipExternType(reader);
          if (sort === instanceSort) exports.push(name);
        }
      }
    }
  } catch (cause) {
    if (!(cause instanceof MalformedBinary)) throw cause;
    throw invalidComponent(source, cause.message, cause);
  }
  return { imports, exports };
}

export function tooLargeComponent(size: number, source: string): KamiError {
  return new KamiError('KAMI_COMPONENT_TOO_LARGE', {
    message: `${source} has ${size} bytes; the largest component KAMI takes has ${maxComponentBytes}.`,
    fix: 'Look at what the tool bundles: `kami build` prints the size of the component it made.',
  });
}

/** The error for bytes that begin like a component but can't be read as one. */
export function invalidComponent(source: string, detail: string, cause?: unknown): KamiError {
  return new KamiError('KAMI_COMPONENT_INVALID', {
    message: `${source} is damaged or not a valid component: ${detail}.`,
    fix: 'Build or download it again; if it comes from another tool chain, check it with `wasm-tools validate`.',
    cause,
  });
}
