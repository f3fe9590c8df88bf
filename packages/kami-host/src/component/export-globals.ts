import { globalExportPrefix } from '../model/compiled-component.ts';
import { BinaryReader, encodeU32, MalformedBinary, readSections } from './binary-reader.ts';
import { countImportedGlobals, sectionId } from './metering/module-shape.ts';

const globalExport = 0x03;
const mutable = 0x01;
/** i32 and i64. */
const wholeNumbers = [0x7f, 0x7e];

export interface WithGlobals {
  readonly bytes: Uint8Array;
  /** Whether there are mutable globals of other types too, which JavaScript can't bring back bit by bit. */
  readonly hasOthers: boolean;
}

/**
 * Exports all mutable globals of whole numbers that a core module defines, beside what it exports itself.
 * @throws MalformedBinary
 */
export function exportGlobals(bytes: Uint8Array): WithGlobals {
  const sections = readSections(bytes);
  const globals = sections.find(({ id }) => id === sectionId.global);
  if (globals === undefined) return { bytes, hasOthers: false };
  const imported = countImportedGlobals(bytes, sections);
  const all = mutableGlobals(new BinaryReader(bytes, globals.start, globals.end));
  const indices = all.flatMap(({ index, type }) => (wholeNumbers.includes(type) ? [imported + index] : []));
  const hasOthers = indices.length < all.length;
  if (indices.length === 0) return { bytes, hasOthers };
  const entries = indices.flatMap((index, position) => [
    ...nameOf(`${globalExportPrefix}${position}`),
    globalExport,
    ...encodeU32(index),
  ]);
  const parts: Uint8Array[] = [bytes.subarray(0, 8)];
  let isPending = true;
  for (const section of sections) {
    if (section.id === sectionId.export) {
      const reader = new BinaryReader(bytes, section.start, section.end);
      const count = reader.u32();
      const own = bytes.subarray(reader.offset, section.end);
      parts.push(exportSection(count + indices.length, own, entries));
      isPending = false;
      continue;
    }
    if (isPending && section.id > sectionId.export && section.id !== sectionId.tag) {
      parts.push(exportSection(indices.length, new Uint8Array(), entries));
      isPending = false;
    }
    parts.push(bytes.subarray(section.header, section.end));
  }
  if (isPending) parts.push(exportSection(indices.length, new Uint8Array(), entries));
  return { bytes: Buffer.concat(parts), hasOthers };
}

/** Positions of the mutable ones among the defined globals. */
function mutableGlobals(reader: BinaryReader): readonly { readonly index: number; readonly type: number }[] {
  const found: { index: number; type: number }[] = [];
  const count = reader.u32();
  for (let index = 0; index < count; index++) {
    const type = reader.byte();
    if (reader.byte() === mutable) found.push({ index, type });
    skipConstant(reader);
  }
  return found;
}

/** Passes over an initial value: constants, `global.get`, `ref.*`, and arithmetic with those, up to `end`. */
function skipConstant(reader: BinaryReader): void {
  for (;;) {
    const at = reader.offset;
    const opcode = reader.byte();
    if (opcode === 0x0b) return;
    if (opcode === 0x41 || opcode === 0x23 || opcode === 0xd2) reader.skipNumber(5);
    else if (opcode === 0x42) reader.skipNumber(10);
    else if (opcode === 0x43) reader.skip(4);
    else if (opcode === 0x44) reader.skip(8);
    else if (opcode === 0xd0) reader.skip(1);
    else if (opcode === 0xfd && reader.u32() === 12) reader.skip(16);
    else if (![0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e].includes(opcode)) {
      throw new MalformedBinary(`the initial value of a global at byte ${at} is none`);
    }
  }
}

function exportSection(count: number, own: Uint8Array, entries: readonly number[]): Uint8Array {
  const body = Buffer.concat([Buffer.from(encodeU32(count)), own, Buffer.from(entries)]);
  return Buffer.concat([Buffer.from([sectionId.export, ...encodeU32(body.length)]), body]);
}

function nameOf(text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  return [...encodeU32(bytes.length), ...bytes];
}
