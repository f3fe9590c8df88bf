import { MalformedBinary } from '../binary-reader.ts';

/** How a frame was opened. */
export const frame = { function: 0, block: 1, loop: 2, if: 3, else: 4, try: 5 } as const;

const openedMask = 0xff;
const targetedBit = 0x100;
const deadBit = 0x200;
const thenEndsBit = 0x400;

/** The blocks around an instruction, in one growing array of flags: code may nest a million deep. */
export class ControlStack {
  #frames = new Int32Array(256);
  depth = 0;

  /** @param live whether control gets to the instruction that opens the block */
  push(opened: number, live: boolean): void {
    if (this.depth === this.#frames.length) {
      const larger = new Int32Array(this.#frames.length * 2);
      larger.set(this.#frames);
      this.#frames = larger;
    }
    this.#frames[this.depth++] = live ? opened : opened | deadBit;
  }

  pop(): void {
    this.depth -= 1;
  }

  /** A branch to a label: control may join where the label's block ends. Tells whether that is the function's end. */
  target(label: number): boolean {
    const index = this.depth - 1 - label;
    if (index < 0) throw new MalformedBinary(`a branch names label ${label} of ${this.depth}`);
    this.#frames[index] = (this.#frames[index] as number) | targetedBit;
    return index === 0;
  }

  get #flags(): number {
    return this.#frames[this.depth - 1] as number;
  }

  get opened(): number {
    return this.#flags & openedMask;
  }

  get openedLive(): boolean {
    return (this.#flags & deadBit) === 0;
  }

  get targeted(): boolean {
    return (this.#flags & targetedBit) !== 0;
  }

  /** An `if` becomes its `else`. */
  turnToElse(thenEndIsLive: boolean): void {
    const flags = this.#flags & ~openedMask;
    this.#frames[this.depth - 1] = flags | frame.else | (thenEndIsLive ? thenEndsBit : 0);
  }

  get thenEndIsLive(): boolean {
    return (this.#flags & thenEndsBit) !== 0;
  }
}
