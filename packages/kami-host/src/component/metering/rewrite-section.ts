import { BinaryReader, MalformedBinary, type Section } from '../binary-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { skipType } from './immediates.ts';
import { importKind, skipLimits } from './module-shape.ts';
import { simdPrefix } from './opcodes.ts';

/** Copies the content of a section while the indices of globals that the module defines move up by one. */
export class SectionRewriter {
  readonly #bytes: Uint8Array;
  readonly #importedGlobals: number;
  readonly #out: ByteWriter;
  #reader: BinaryReader;
  /** Everything before it is written. */
  #copied: number;

  constructor(bytes: Uint8Array, section: Section, importedGlobals: number, out: ByteWriter) {
    this.#bytes = bytes;
    this.#importedGlobals = importedGlobals;
    this.#out = out;
    this.#reader = new BinaryReader(bytes, section.start, section.end);
    this.#copied = section.start;
  }

  globals(): void {
    this.#each(() => {
      skipType(this.#reader);
      this.#reader.byte();
      this.#expression();
    });
  }

  exports(): void {
    this.#each(() => {
      this.#reader.skip(this.#reader.u32());
      if (this.#reader.byte() === importKind.global) this.#global();
      else this.#reader.u32();
    });
  }

  tables(): void {
    const withInitialiser = 0x40;
    this.#each(() => {
      const at = this.#reader.offset;
      const initialised = this.#reader.byte() === withInitialiser;
      if (initialised) this.#reader.byte();
      else this.#reader.offset = at;
      skipType(this.#reader);
      skipLimits(this.#reader);
      if (initialised) this.#expression();
    });
  }

  data(): void {
    this.#each(() => {
      const flags = this.#reader.u32();
      if (flags > 2) throw new MalformedBinary(`a data segment of the unknown kind ${flags}`);
      if (flags === 2) this.#reader.u32();
      if (flags !== 1) this.#expression();
      this.#reader.skip(this.#reader.u32());
    });
  }

  /** Bit 0: not placed by itself; bit 1: names its table, or is declared only; bit 2: expressions instead of functions. */
  elements(): void {
    this.#each(() => {
      const flags = this.#reader.u32();
      if (flags > 7) throw new MalformedBinary(`an element segment of the unknown kind ${flags}`);
      const placed = (flags & 1) === 0;
      const expressions = (flags & 4) !== 0;
      if (placed && (flags & 2) !== 0) this.#reader.u32();
      if (placed) this.#expression();
      if ((flags & 3) !== 0) {
        if (expressions) skipType(this.#reader);
        else this.#reader.byte();
      }
      for (let left = this.#reader.u32(); left > 0; left--) {
        if (expressions) this.#expression();
        else this.#reader.u32();
      }
    });
  }

  #each(item: () => void): void {
    for (let left = this.#reader.u32(); left > 0; left--) item();
    if (!this.#reader.done) throw new MalformedBinary(`a section ends before byte ${this.#reader.end}`);
    this.#out.copy(this.#bytes, this.#copied, this.#reader.end);
  }

  #global(): void {
    const at = this.#reader.offset;
    const index = this.#reader.u32();
    if (index < this.#importedGlobals) return;
    this.#out.copy(this.#bytes, this.#copied, at);
    this.#out.u32(index + 1);
    this.#copied = this.#reader.offset;
  }

  /** A constant expression, up to and with its `end`. */
  #expression(): void {
    const reader = this.#reader;
    for (;;) {
      const opcode = reader.byte();
      if (opcode === 0x0b) return;
      else if (opcode === 0x23) this.#global();
      else if (opcode === 0x41) reader.skipNumber(5);
      else if (opcode === 0x42) reader.skipNumber(10);
      else if (opcode === 0x43) reader.skip(4);
      else if (opcode === 0x44) reader.skip(8);
      else if (opcode === 0xd0) skipType(reader);
      else if (opcode === 0xd2) reader.u32();
      else if (opcode === simdPrefix && reader.u32() === 12) reader.skip(16);
      else if (!isConstantArithmetic(opcode)) {
        const name = `0x${opcode.toString(16).padStart(2, '0')}`;
        throw new MalformedBinary(`a constant expression has the instruction ${name} in it`);
      }
    }
  }
}

/** add, sub and mul of i32 and of i64. */
function isConstantArithmetic(opcode: number): boolean {
  return (opcode >= 0x6a && opcode <= 0x6c) || (opcode >= 0x7c && opcode <= 0x7e);
}
