import { BinaryReader, MalformedBinary, readSections, type Section } from '../binary-reader.ts';
import { skipType } from './immediates.ts';

export const sectionId = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13,
} as const;

/** The order in which sections come, which is not that of their numbers. */
const sectionOrder = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

/** Of a core module what the metering of its functions depends on. */
export interface ModuleShape {
  readonly sections: readonly Section[];
  /** Parameters of each function type. */
  readonly parameters: readonly number[];
  /** Type of each function that has a body. */
  readonly types: readonly number[];
  readonly importedGlobals: number;
}

const functionType = 0x60;
/** V8's own limits. Counts are checked before anything is made of them. */
const maxTypes = 1_000_000;
const maxFunctions = 1_000_000;

export const importKind = { function: 0, table: 1, memory: 2, global: 3, tag: 4 } as const;

export interface Import {
  readonly module: string;
  readonly name: string;
  readonly kind: number;
}

/** @throws MalformedBinary */
export function readShape(bytes: Uint8Array): ModuleShape {
  const magic = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  if (bytes.length < 8 || magic.some((byte, index) => bytes[index] !== byte)) {
    throw new MalformedBinary('it is no core module of WebAssembly 1');
  }
  const sections = readSections(bytes);
  let last = -1;
  for (const { id, header } of sections) {
    if (id === sectionId.custom) continue;
    const rank = sectionOrder.indexOf(id);
    if (rank < 0) throw new MalformedBinary(`a core module has a section of the unknown kind ${id}`);
    if (rank <= last)
      throw new MalformedBinary(`the section at byte ${header} is out of order, or a second one`);
    last = rank;
  }
  const within = <T>(id: number, read: (reader: BinaryReader) => T, otherwise: T): T => {
    const section = sections.find((one) => one.id === id);
    if (section === undefined) return otherwise;
    const reader = new BinaryReader(bytes, section.start, section.end);
    const result = read(reader);
    if (!reader.done) throw new MalformedBinary(`the section at byte ${section.header} is too long`);
    return result;
  };
  return {
    sections,
    parameters: within(sectionId.type, readTypes, []),
    types: within(sectionId.function, readFunctions, []),
    importedGlobals: within(sectionId.import, readImports, []).filter(
      ({ kind }) => kind === importKind.global,
    ).length,
  };
}

/** Globals that a module imports: they come first in its index space. */
export function countImportedGlobals(bytes: Uint8Array, sections: readonly Section[]): number {
  const section = sections.find(({ id }) => id === sectionId.import);
  if (section === undefined) return 0;
  const imports = readImports(new BinaryReader(bytes, section.start, section.end));
  return imports.filter(({ kind }) => kind === importKind.global).length;
}

function readTypes(reader: BinaryReader): number[] {
  const parameters: number[] = [];
  for (let left = countUpTo(reader, maxTypes, 'types'); left > 0; left--) {
    if (reader.byte() !== functionType) {
      throw new MalformedBinary('a core module has a type of garbage collection');
    }
    parameters.push(readTypeList(reader));
    readTypeList(reader);
  }
  return parameters;
}

function readTypeList(reader: BinaryReader): number {
  const count = reader.u32();
  for (let left = count; left > 0; left--) skipType(reader);
  return count;
}

function readFunctions(reader: BinaryReader): number[] {
  const types: number[] = [];
  for (let left = countUpTo(reader, maxFunctions, 'functions'); left > 0; left--) types.push(reader.u32());
  return types;
}

/** The imports of a module, from the content of its import section. */
export function readImports(reader: BinaryReader): Import[] {
  const imports: Import[] = [];
  for (let left = reader.u32(); left > 0; left--) {
    const module = reader.name();
    const name = reader.name();
    const kind = reader.byte();
    skipDescription(reader, kind);
    imports.push({ module, name, kind });
  }
  return imports;
}

function skipDescription(reader: BinaryReader, kind: number): void {
  switch (kind) {
    case importKind.function:
      reader.u32();
      return;
    case importKind.table:
      skipType(reader);
      skipLimits(reader);
      return;
    case importKind.memory:
      skipLimits(reader);
      return;
    case importKind.global:
      skipType(reader);
      reader.byte();
      return;
    case importKind.tag:
      reader.byte();
      reader.u32();
      return;
    default:
      throw new MalformedBinary(`a core module has an import of the unknown kind ${kind}`);
  }
}

/** @throws MalformedBinary for shared and 64-bit tables and memories */
export function skipLimits(reader: BinaryReader): void {
  const flags = reader.byte();
  if (flags > 1) throw new MalformedBinary('a core module has a shared or 64-bit memory or table');
  reader.u32();
  if (flags === 1) reader.u32();
}

function countUpTo(reader: BinaryReader, most: number, what: string): number {
  const count = reader.u32();
  if (count > most) throw new MalformedBinary(`a core module has ${count} ${what}; ${most} are allowed`);
  return count;
}
