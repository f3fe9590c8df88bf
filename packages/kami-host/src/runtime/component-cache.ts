import type { ComponentOrigin, ComponentStore } from '../component/component-store.ts';
import type { CompiledComponent } from '../model/compiled-component.ts';
import type { Sha256 } from '../model/ids.ts';

/** Keeps the compiled components that were used last; calls that want the same one wait for the same compilation. */
export class ComponentCache {
  readonly #store: Pick<ComponentStore, 'load'>;
  readonly #size: number;
  readonly #onEviction: () => void;
  /** In the order of last use, the oldest first. */
  readonly #entries = new Map<Sha256, Promise<CompiledComponent>>();

  constructor(store: Pick<ComponentStore, 'load'>, size: number, onEviction = () => {}) {
    this.#onEviction = onEviction;
    this.#store = store;
    this.#size = size;
  }

  async get(
    origin: ComponentOrigin,
  ): Promise<{ readonly component: CompiledComponent; readonly wasKept: boolean }> {
    const known = this.#entries.get(origin.key);
    const entry = known ?? this.#store.load(origin);
    this.#entries.delete(origin.key);
    this.#entries.set(origin.key, entry);
    if (known === undefined) {
      entry.catch(() => {
        if (this.#entries.get(origin.key) === entry) this.#entries.delete(origin.key);
      });
      this.#evict();
    }
    return { component: await entry, wasKept: known !== undefined };
  }

  /** Takes what is known better now of a component that is kept. */
  replace(component: CompiledComponent): void {
    if (this.#entries.has(component.key)) this.#entries.set(component.key, Promise.resolve(component));
  }

  #evict(): void {
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= this.#size) return;
      this.#entries.delete(key);
      this.#onEviction();
    }
  }
}
