import { BinaryReader, MalformedBinary, readSections } from './binary-reader.ts';

const typeSectionId = 1;
const functionType = 0x60;
/** i32, i64, f32, f64, v128, funcref, externref, exnref. */
const plainTypes: ReadonlySet<number> = new Set([0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f, 0x69]);

/**
 * Checks that a core module defines function types over plain values only. Structs and arrays live on V8's own
 * heap, where no limit of a call reaches them: a large array aborts the whole process, a list of them takes all
 * memory of the machine.
 * @throws MalformedBinary
 */
export function checkCoreTypes(bytes: Uint8Array): void {
  for (const { id, start, end } of readSections(bytes)) {
    if (id !== typeSectionId) continue;
    const reader = new BinaryReader(bytes, start, end);
    for (let left = reader.u32(); left > 0; left--) {
      if (reader.byte() !== functionType) throw garbageCollected();
      checkValues(reader);
      checkValues(reader);
    }
  }
}

function checkValues(reader: BinaryReader): void {
  for (let left = reader.u32(); left > 0; left--) {
    if (!plainTypes.has(reader.byte())) throw garbageCollected();
  }
}

function garbageCollected(): MalformedBinary {
  return new MalformedBinary('a core module uses garbage-collected types, which KAMI does not run');
}
