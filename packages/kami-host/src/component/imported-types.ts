import { BinaryReader, readSections } from './binary-reader.ts';
import {
  createScope,
  type InstanceType,
  readAlias,
  readExternName,
  readExternType,
  readTypeDefinition,
} from './component-types.ts';

const importSection = 10;
const aliasSection = 6;
const typeSection = 7;

/**
 * The interfaces a component imports, each with the type of every function and type it takes from it.
 * @throws MalformedBinary
 */
export function readImportedTypes(bytes: Uint8Array): ReadonlyMap<string, InstanceType> {
  const scope = createScope();
  const imported = new Map<string, InstanceType>();
  for (const section of readSections(bytes)) {
    const reader = new BinaryReader(bytes, section.start, section.end);
    if (section.id === typeSection) {
      for (let left = reader.u32(); left > 0; left--) readTypeDefinition(reader, scope);
    } else if (section.id === aliasSection) {
      for (let left = reader.u32(); left > 0; left--) readAlias(reader, scope);
    } else if (section.id === importSection) {
      for (let left = reader.u32(); left > 0; left--) {
        const name = readExternName(reader);
        const definition = readExternType(reader, scope);
        if (definition.kind !== 'instance') continue;
        imported.set(name, definition.exports);
        scope.instances.push({ name: withoutVersion(name), exports: definition.exports });
      }
    } else if (section.id !== 0) {
      // The types of imports are complete once code begins; what follows declares what is inside.
      break;
    }
  }
  return imported;
}

/** `wasi:io/poll` of `wasi:io/poll@0.2.10`: resources are the same across patch versions. */
export function withoutVersion(name: string): string {
  const at = name.lastIndexOf('@');
  return at === -1 ? name : name.slice(0, at);
}
