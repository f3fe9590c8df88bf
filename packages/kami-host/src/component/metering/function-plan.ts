/** What has to happen at a place of a function. */
export const event = {
  /** The function begins here, and with it a straight-line block; the value is its cost, which may be 0. */
  enter: 0,
  /** A loop's header begins here, which is a block of its own kind: exhaustion is noticed. */
  header: 1,
  /** Any other straight-line block begins here. */
  open: 2,
  /** The instruction here may end the function or read the counter elsewhere: a call, return, trap. */
  leave: 3,
  /** A call ends here: the counter may have changed. */
  called: 4,
  /** The instruction here does work by the length on top of the stack. */
  bulk: 5,
  /** The instruction here grows a memory or table by the number on top of the stack. */
  grow: 6,
  /** It ends here, with the former size, or -1, on top of the stack. */
  grown: 7,
  /** The index here becomes the value. */
  global: 8,
} as const;

const wordsPerEvent = 3;

/**
 * The events of one function in the order of its bytes. One plan is used for all functions, one after the other:
 * a large module has millions of events.
 */
export class FunctionPlan {
  #words = new Int32Array(3_072);
  count = 0;
  /** Local variables, parameters included. */
  locals = 0;
  /** Where the declarations of locals begin, and the code. */
  start = 0;
  code = 0;
  end = 0;
  /** Blocks, and ways to leave them. */
  branches = 0;
  usesExceptions = false;
  usesLengths = false;
  /** Whether any function so far changes tables, or drops segments: state that nobody outside can bring back. */
  changesTables = false;

  reset(): void {
    this.count = 0;
    this.branches = 0;
    this.usesExceptions = false;
    this.usesLengths = false;
  }

  /** Returns the event's number, for `setValue`. */
  add(offset: number, what: number, value: number): number {
    const at = this.count * wordsPerEvent;
    if (at === this.#words.length) {
      const larger = new Int32Array(this.#words.length * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words[at] = offset;
    this.#words[at + 1] = what;
    this.#words[at + 2] = value;
    return this.count++;
  }

  setValue(number: number, value: number): void {
    this.#words[number * wordsPerEvent + 2] = value;
  }

  offset(number: number): number {
    return this.#words[number * wordsPerEvent] as number;
  }

  what(number: number): number {
    return this.#words[number * wordsPerEvent + 1] as number;
  }

  value(number: number): number {
    return this.#words[number * wordsPerEvent + 2] as number;
  }
}
