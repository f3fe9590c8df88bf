import { BinaryReader, MalformedBinary, type Section } from '../binary-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { sectionId } from './module-shape.ts';

const namesOfGlobals = 7;

/** Keeps names, for stack traces, but for those of globals, whose indices moved; writes nothing of other custom sections. */
export function writeNames(bytes: Uint8Array, section: Section, out: ByteWriter): void {
  const reader = new BinaryReader(bytes, section.start, section.end);
  if (reader.name() !== 'name') return;
  out.byte(sectionId.custom);
  const start = out.open();
  out.name('name');
  while (!reader.done) {
    const at = reader.offset;
    const id = reader.byte();
    const size = reader.u32();
    if (size > reader.end - reader.offset) {
      throw new MalformedBinary(`the names at byte ${at} are longer than their section`);
    }
    reader.skip(size);
    if (id !== namesOfGlobals) out.copy(bytes, at, reader.offset);
  }
  out.close(start);
}
