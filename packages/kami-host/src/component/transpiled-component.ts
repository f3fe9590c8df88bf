import type { BoundModule } from './bound-module.ts';

/** A component taken apart: the JavaScript that links it, and its core modules, bounded and metered. */
export interface TranspiledComponent {
  readonly glue: Uint8Array;
  readonly modules: readonly (BoundModule & { readonly name: string })[];
}

/** The two engines' tools have at most 9 modules and 0.8 MB of glue. */
export const maxModules = 256;
export const maxGlueBytes = 16 * 1024 * 1024;
/** Of all modules of a component together, metered. */
export const maxModuleBytes = 256 * 1024 * 1024;
