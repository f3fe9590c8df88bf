import type { Sha256 } from '../../model/ids.ts';

/** A component that brings down its process this often in a row is not run again for a while. */
const crashesToOpen = 3;
const openMs = 30_000;

/** Stops crash loops: every crash costs a process, and whoever shares it. */
export class CrashBreaker {
  readonly #now: () => number;
  readonly #states = new Map<Sha256, { crashes: number; openUntil: number }>();

  /** @param now ms, of any origin */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Why a component may not be run at the moment; undefined when it may. */
  refusal(component: Sha256): string | undefined {
    const state = this.#states.get(component);
    const leftMs = (state?.openUntil ?? 0) - this.#now();
    if (state === undefined || leftMs <= 0) return undefined;
    return `The tool crashed its process ${state.crashes} times in a row and is stopped for another ${Math.ceil(leftMs / 1000)} s.`;
  }

  crashed(component: Sha256): void {
    const crashes = (this.#states.get(component)?.crashes ?? 0) + 1;
    const openUntil = crashes >= crashesToOpen ? this.#now() + openMs : 0;
    this.#states.set(component, { crashes, openUntil });
  }

  answered(component: Sha256): void {
    this.#states.delete(component);
  }
}
