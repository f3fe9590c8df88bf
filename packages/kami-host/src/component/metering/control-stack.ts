import { MalformedBinary } from '../binary-reader.ts';

/** How a frame was opened. */
export const frame = { function: 0, block: 1, loop: 2, if: 3, else: 4, try: 5 } as const;

const openedMask = 0xff;
const targetedBit = 0x100;
const thenEndsBit = 0x200;
const valuesBit = 0x400;

/**
 * Words of a frame: its flags, the straight-line block it was opened in, how far out branches from inside it go,
 * and the last of the branches that give back what they pass over.
 */
const wordsPerFrame = 4;

/** The blocks around an instruction, in one growing array: code may nest a million deep. */
export class ControlStack {
  #words = new Int32Array(400);
  #top = -wordsPerFrame;

  get depth(): number {
    return this.#top / wordsPerFrame + 1;
  }

  reset(): void {
    this.#top = -wordsPerFrame;
  }

  /**
   * @param from number of the event that opened the present straight-line block; -1 where no control gets to
   * @param takesNothing whether a branch to its end carries no values
   */
  push(opened: number, from: number, takesNothing: boolean): void {
    this.#top += wordsPerFrame;
    if (this.#top === this.#words.length) {
      const larger = new Int32Array(this.#words.length * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words[this.#top] = takesNothing ? opened : opened | valuesBit;
    this.#words[this.#top + 1] = from;
    this.#words[this.#top + 2] = this.#top;
    this.#words[this.#top + 3] = -1;
  }

  pop(): void {
    const farthest = this.#words[this.#top + 2] as number;
    this.#top -= wordsPerFrame;
    if (this.#top >= 0 && farthest < (this.#words[this.#top + 2] as number)) {
      this.#words[this.#top + 2] = farthest;
    }
  }

  /** A branch to a label: control may join where the label's block ends. Tells whether that is the function's end. */
  target(label: number): boolean {
    const index = this.#top - label * wordsPerFrame;
    if (index < 0) throw new MalformedBinary(`a branch names label ${label} of ${this.depth}`);
    this.#words[index] = (this.#words[index] as number) | targetedBit;
    if (index < (this.#words[this.#top + 2] as number)) this.#words[this.#top + 2] = index;
    return index === 0;
  }

  /** Whether a label stands for the end of a block, not the function, and a branch to it carries no values. */
  isPlainEnd(label: number): boolean {
    const index = this.#top - label * wordsPerFrame;
    const flags = this.#words[index] as number;
    return index > 0 && (flags & openedMask) !== frame.loop && (flags & valuesBit) === 0;
  }

  /** Puts a refund in front of those that end with a label's block; returns the former first, or -1. */
  addRefund(label: number, refund: number): number {
    const at = this.#top - label * wordsPerFrame + 3;
    const next = this.#words[at] as number;
    this.#words[at] = refund;
    return next;
  }

  get firstRefund(): number {
    return this.#words[this.#top + 3] as number;
  }

  /** Control leaves all blocks at once. */
  leaveFunction(): void {
    this.#words[this.#top + 2] = 0;
  }

  get opened(): number {
    return (this.#words[this.#top] as number) & openedMask;
  }

  /** The straight-line block in which this one was opened. */
  get from(): number {
    return this.#words[this.#top + 1] as number;
  }

  get targeted(): boolean {
    return ((this.#words[this.#top] as number) & targetedBit) !== 0;
  }

  /** Whether everything that enters the block comes to its end: nothing in it branches beyond. */
  get closed(): boolean {
    return (this.#words[this.#top + 2] as number) >= this.#top;
  }

  /** An `if` becomes its `else`. */
  turnToElse(thenEndIsLive: boolean): void {
    const flags = (this.#words[this.#top] as number) & ~openedMask;
    this.#words[this.#top] = flags | frame.else | (thenEndIsLive ? thenEndsBit : 0);
  }

  get thenEndIsLive(): boolean {
    return ((this.#words[this.#top] as number) & thenEndsBit) !== 0;
  }
}
