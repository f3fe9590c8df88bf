import { memoryImport } from '../model/compiled-component.ts';
import { BinaryReader, MalformedBinary, readSections } from './binary-reader.ts';
import { readImports, sectionId } from './metering/module-shape.ts';

const longestName = 512;
/** Printable ASCII without quotes and backslash. */
const plainName = /^[ !#-&(-[\]-_a-~]*$/;

/**
 * Checks that the names a core module imports and exports are plain, and that it imports nothing from where the
 * host puts its memory and its fuel. Any text is a valid name to WebAssembly, but jco writes names into the
 * JavaScript it generates without escaping them: a quote in one would end the string it stands in, and what
 * follows would run outside the sandbox.
 * @throws MalformedBinary
 */
export function checkCoreNames(bytes: Uint8Array): void {
  for (const section of readSections(bytes)) {
    const reader = new BinaryReader(bytes, section.start, section.end);
    if (section.id === sectionId.import) {
      for (const { module, name } of readImports(reader)) {
        checkName(module);
        checkName(name);
        if (module === memoryImport.module) {
          throw new MalformedBinary(`a core module imports from ${module}, which is KAMI's`);
        }
      }
    } else if (section.id === sectionId.export) {
      for (let left = reader.u32(); left > 0; left--) {
        checkName(reader.name());
        reader.byte();
        reader.u32();
      }
    }
  }
}

function checkName(name: string): void {
  if (name.length <= longestName && plainName.test(name)) return;
  throw new MalformedBinary(
    `a core module has a name of more than ${longestName} characters, or with a quote, a backslash or a character beyond ASCII`,
  );
}
