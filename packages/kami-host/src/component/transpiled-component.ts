import type { MemoryShape, Reuse } from '../model/compiled-component.ts';

/** A component taken apart: the JavaScript that links it, and its core modules, bounded and metered. */
export interface TranspiledComponent {
  readonly glue: Uint8Array;
  readonly modules: readonly TranspiledModule[];
  readonly reuse: Reuse;
}

export interface TranspiledModule {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly memory: MemoryShape | undefined;
  /** The data that was taken out of the module, compressed; its expanded size in bytes. */
  readonly snapshot: { readonly compressed: Uint8Array; readonly size: number } | undefined;
}

/** The two engines' tools have at most 9 modules and 0.8 MB of glue. */
export const maxModules = 256;
export const maxGlueBytes = 16 * 1024 * 1024;
/** Of all modules of a component together, metered. */
export const maxModuleBytes = 256 * 1024 * 1024;
