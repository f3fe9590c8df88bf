/** The bytes end before what they announce, or hold a number that is none. */
export class MalformedBinary extends Error {
  override readonly name = 'MalformedBinary';
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads the primitives of the WebAssembly binary format, never past its end. */
export class BinaryReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  offset: number;

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
  }

  get done(): boolean {
    return this.offset >= this.end;
  }

  byte(): number {
    if (this.offset >= this.end)
      throw new MalformedBinary(`it ends at byte ${this.end}, in the middle of an item`);
    return this.bytes[this.offset++] as number;
  }

  /** Unsigned LEB128 of at most 32 bits. */
  u32(): number {
    const first = this.bytes[this.offset] as number;
    if (first < 0x80 && this.offset < this.end) {
      this.offset++;
      return first;
    }
    let result = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      if (shift === 28 && byte > 0x0f) break;
      result += (byte & 0x7f) * 2 ** shift;
      if ((byte & 0x80) === 0) return result;
    }
    throw new MalformedBinary(`the number at byte ${this.offset} is longer than 32 bits`);
  }

  /** Passes over a LEB128 number, signed or not, of at most `longest` bytes. */
  skipNumber(longest: number): void {
    for (let left = longest; left > 0; left--) {
      if (this.byte() < 0x80) return;
    }
    throw new MalformedBinary(`the number at byte ${this.offset} is longer than ${longest} bytes`);
  }

  skip(length: number): void {
    if (length > this.end - this.offset) this.take(length);
    this.offset += length;
  }

  /** The next `length` bytes, not copied. */
  take(length: number): Uint8Array {
    if (length > this.end - this.offset) {
      throw new MalformedBinary(
        `an item of ${length} bytes begins at byte ${this.offset}, but it ends at byte ${this.end}`,
      );
    }
    const slice = this.bytes.subarray(this.offset, this.offset + length);
    this.offset += length;
    return slice;
  }

  name(): string {
    const bytes = this.take(this.u32());
    try {
      return utf8.decode(bytes);
    } catch (cause) {
      throw new MalformedBinary(`the name before byte ${this.offset} is not UTF-8`, { cause });
    }
  }
}

export interface Section {
  readonly id: number;
  /** Where the section's header begins, its content begins, and it ends. */
  readonly header: number;
  readonly start: number;
  readonly end: number;
}

/** Lists the sections behind the 8-byte preamble; modules and components share this layout. */
export function readSections(bytes: Uint8Array): readonly Section[] {
  const reader = new BinaryReader(bytes, 8);
  const sections: Section[] = [];
  while (!reader.done) {
    const header = reader.offset;
    const id = reader.byte();
    const size = reader.u32();
    const start = reader.offset;
    reader.take(size);
    sections.push({ id, header, start, end: reader.offset });
  }
  return sections;
}

/** Unsigned LEB128. */
export function encodeU32(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return bytes;
}
