import { type BinaryReader, MalformedBinary } from '../binary-reader.ts';
import { isValueType } from './opcodes.ts';

const emptyBlockType = 0x40;

/** How many local variables the declarations at the head of a function make. */
export function countLocals(reader: BinaryReader): number {
  let locals = 0;
  for (let groups = reader.u32(); groups > 0; groups--) {
    locals += reader.u32();
    skipType(reader);
  }
  return locals;
}

export function skipMemoryArgument(reader: BinaryReader): void {
  if (reader.u32() > 0x3f) throw new MalformedBinary('a function uses more than one memory');
  reader.u32();
}

export function onlyMemory(reader: BinaryReader): void {
  if (reader.u32() !== 0) throw new MalformedBinary('a function uses more than one memory');
}

export function skipTypes(reader: BinaryReader): void {
  for (let left = reader.u32(); left > 0; left--) skipType(reader);
}

/** @throws MalformedBinary for types that are written in more than a byte: those of garbage collection */
export function skipType(reader: BinaryReader): void {
  const at = reader.offset;
  if (!isValueType(reader.byte())) {
    throw new MalformedBinary(`the type at byte ${at} is none, or one of garbage collection`);
  }
}

/** Nothing, one value, or the number of a function type, which is not negative. */
export function skipBlockType(reader: BinaryReader): void {
  const at = reader.offset;
  const first = reader.byte();
  if (first === emptyBlockType || isValueType(first)) return;
  reader.offset = at;
  if ((first & 0xc0) === 0x40) {
    throw new MalformedBinary(`the type at byte ${at} is none, or one of garbage collection`);
  }
  reader.skipNumber(5);
}
