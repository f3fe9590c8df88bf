/** Resources that a guest may hold at the same time in one call. */
const defaultMaxHandles = 4_096;

/** A guest holds more resources than it may; a trap for it. */
export class TooManyHandles extends RangeError {
  override readonly name = 'TooManyHandles';
}

/**
 * Counts the resources that a call has handed to its guest and that the guest has not dropped. A guest that
 * holds too many is stopped: WASI has no error for most of the places where it happens.
 */
export class HandleBudget {
  readonly #max: number;
  #live = 0;
  #wereTaken = false;

  constructor(max = defaultMaxHandles) {
    this.#max = max;
  }

  /** @throws TooManyHandles */
  take(): void {
    if (this.#live >= this.#max)
      throw new TooManyHandles(`holds more than ${this.#max} handles at the same time`);
    this.#live += 1;
    this.#wereTaken = true;
  }

  /** Whether there ever was one. */
  get wereTaken(): boolean {
    return this.#wereTaken;
  }

  giveBack(): void {
    this.#live -= 1;
  }
}

/** A resource was used up while one that lives in it was still held; in WASI a trap. */
export class ChildStillHeld extends Error {
  override readonly name = 'ChildStillHeld';
}

/** A resource that counts. The component's glue disposes of it when the guest drops its handle. */
export class CountedHandle {
  readonly #handles: HandleBudget;
  #dropped = false;

  constructor(handles: HandleBudget) {
    handles.take();
    this.#handles = handles;
  }

  /** Whether the guest has given it up. */
  get isDropped(): boolean {
    return this.#dropped;
  }

  [Symbol.dispose](): void {
    if (this.#dropped) return;
    this.#dropped = true;
    this.#handles.giveBack();
  }
}
