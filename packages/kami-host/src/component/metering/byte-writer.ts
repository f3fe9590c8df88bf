/** Bytes of a size word that is filled in later: a LEB128 number padded to its greatest length. */
const paddedLength = 5;

/** Appends to a buffer that grows as needed; numbers as the WebAssembly binary format writes them. */
export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(Math.max(capacity, 64));
  }

  get length(): number {
    return this.#length;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  copy(from: Uint8Array, start = 0, end = from.length): void {
    const count = end - start;
    this.#reserve(count);
    const to = this.#bytes;
    // A call of set costs more than a few bytes by hand, and most pieces are a few bytes.
    if (count < 24) {
      for (let index = 0; index < count; index++) to[this.#length + index] = from[start + index] as number;
    } else {
      to.set(from.subarray(start, end), this.#length);
    }
    this.#length += count;
  }

  u32(value: number): void {
    this.#reserve(paddedLength);
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** Signed LEB128 of a number from 0 to 2^31 - 1. */
  positive(value: number): void {
    let rest = value;
    while (rest > 0x3f) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  name(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.u32(bytes.length);
    this.copy(bytes);
  }

  /** Leaves room for the size of what comes next; `close` fills it in. */
  open(): number {
    this.#reserve(paddedLength);
    this.#length += paddedLength;
    return this.#length;
  }

  /** Returns the size of what was written since `open` returned `start`. */
  close(start: number): number {
    const size = this.#length - start;
    let rest = size;
    for (let index = start - paddedLength; index < start - 1; index++) {
      this.#bytes[index] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[start - 1] = rest;
    return size;
  }

  /** What was written, not copied: the writer must not be used afterwards. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}
