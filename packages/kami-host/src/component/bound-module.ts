import { type MemoryShape, memoryImport } from '../model/compiled-component.ts';
import { BinaryReader, encodeU32, MalformedBinary, readSections, type Section } from './binary-reader.ts';

export interface BoundModule {
  readonly bytes: Uint8Array;
  /** The memory that the host must now provide as the import `kami-limits` `memory`; undefined when the module defines none. */
  readonly memory: MemoryShape | undefined;
}

/** Entries that a table may grow to; V8 aborts the whole process on larger ones. */
export const maxTableEntries = 100_000;

const importSectionId = 2;
const tableSectionId = 4;
const memorySectionId = 5;
const funcref = 0x70;
const externref = 0x6f;

/**
 * Takes the sizes of a core module out of its author's hands: its memory becomes an import, so that the host
 * chooses the maximum for each call and can read how much was used; its tables get a maximum.
 * Indices do not shift: a module has at most one memory, which keeps index 0.
 * @throws MalformedBinary also for features that KAMI does not run (several, shared or 64-bit memories)
 */
export function boundModule(bytes: Uint8Array): BoundModule {
  const sections = readSections(bytes);
  const memorySection = sections.find((section) => section.id === memorySectionId);
  const memory = memorySection === undefined ? undefined : readMemory(bytes, memorySection);

  const parts: Uint8Array[] = [bytes.subarray(0, 8)];
  let importPending = memory !== undefined;
  for (const section of sections) {
    if (importPending && section.id > importSectionId && section.id !== 0) {
      parts.push(sectionOf(importSectionId, [encodeU32(1), memoryImportEntry()]));
      importPending = false;
    }
    if (section.id === importSectionId && memory !== undefined) {
      parts.push(withImport(bytes, section));
      importPending = false;
    } else if (section.id === tableSectionId) {
      parts.push(withBoundTables(bytes, section));
    } else if (section.id !== memorySectionId) {
      parts.push(bytes.subarray(section.header, section.end));
    }
  }
  if (importPending) throw new MalformedBinary('a core module has a memory but no code');
  return { bytes: Buffer.concat(parts), memory };
}

function readMemory(bytes: Uint8Array, section: Section): MemoryShape | undefined {
  const reader = new BinaryReader(bytes, section.start, section.end);
  const count = reader.u32();
  if (count === 0) return undefined;
  if (count > 1) throw new MalformedBinary('a core module defines more than one memory');
  const { minimum, maximum } = readLimits(reader, 'memory');
  return { initialPages: minimum, maximumPages: maximum };
}

function readLimits(reader: BinaryReader, what: string): { minimum: number; maximum: number | undefined } {
  const flags = reader.byte();
  if (flags > 1) throw new MalformedBinary(`a core module has a shared or 64-bit ${what}`);
  const minimum = reader.u32();
  return { minimum, maximum: flags === 1 ? reader.u32() : undefined };
}

function memoryImportEntry(): number[] {
  return [
    ...nameOf(memoryImport.module),
    ...nameOf(memoryImport.name),
    0x02,
    0x00,
    // The host provides as much as the module began with; modules that differ in that alone stay equal.
    ...encodeU32(0),
  ];
}

function withImport(bytes: Uint8Array, section: Section): Uint8Array {
  const reader = new BinaryReader(bytes, section.start, section.end);
  const count = reader.u32();
  return sectionOf(importSectionId, [
    encodeU32(count + 1),
    bytes.subarray(reader.offset, section.end),
    memoryImportEntry(),
  ]);
}

function withBoundTables(bytes: Uint8Array, section: Section): Uint8Array {
  const reader = new BinaryReader(bytes, section.start, section.end);
  const count = reader.u32();
  const entries: number[] = [];
  for (let left = count; left > 0; left--) {
    const type = reader.byte();
    if (type !== funcref && type !== externref) {
      throw new MalformedBinary('a core module has a table of typed or garbage-collected references');
    }
    const { minimum, maximum } = readLimits(reader, 'table');
    if (minimum > maxTableEntries) {
      throw new MalformedBinary(
        `a core module has a table of ${minimum} entries; ${maxTableEntries} are allowed`,
      );
    }
    const bound = Math.min(maximum ?? maxTableEntries, maxTableEntries);
    entries.push(type, 0x01, ...encodeU32(minimum), ...encodeU32(bound));
  }
  return sectionOf(tableSectionId, [encodeU32(count), entries]);
}

function nameOf(text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  return [...encodeU32(bytes.length), ...bytes];
}

function sectionOf(id: number, content: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const body = Buffer.concat(content.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from([id]), Buffer.from(encodeU32(body.length)), body]);
}
