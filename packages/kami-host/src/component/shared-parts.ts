import type { Sha256 } from '../model/ids.ts';

/** Keeps the parts of components that were used last, each read once; one that could not be read is not kept. */
export class SharedParts<T> {
  readonly #size: number;
  /** In the order of last use, the oldest first. */
  readonly #parts = new Map<Sha256, Promise<T | undefined>>();

  /** @param size parts to keep */
  constructor(size: number) {
    this.#size = size;
  }

  /** The part of this hash; `read` is for one that is not kept, and gives undefined where it is missing or damaged. */
  get(sha256: Sha256, read: () => Promise<T | undefined>): Promise<T | undefined> {
    const known = this.#parts.get(sha256);
    const part = known ?? read();
    this.#parts.delete(sha256);
    this.#parts.set(sha256, part);
    if (known === undefined) {
      const forget = () => {
        if (this.#parts.get(sha256) === part) this.#parts.delete(sha256);
      };
      part.then((value) => value ?? forget(), forget);
      this.#evict();
    }
    return part;
  }

  #evict(): void {
    for (const sha256 of this.#parts.keys()) {
      if (this.#parts.size <= this.#size) return;
      this.#parts.delete(sha256);
    }
  }
}
