import type { Sha256 } from './ids.ts';

/** A component ready to be instantiated: compiled once, posted to any number of workers. */
export interface CompiledComponent {
  readonly key: Sha256;
  /** Module that exports jco's `instantiate`. */
  readonly glueUrl: string;
  readonly modules: readonly CompiledModule[];
}

/** A core module; one that used to define a memory imports it as `memoryImport` instead. */
export interface CompiledModule {
  readonly name: string;
  readonly module: WebAssembly.Module;
  readonly memory: MemoryShape | undefined;
}

/** Size of a linear memory in pages of 64 KiB, as its module declares it. */
export interface MemoryShape {
  readonly initialPages: number;
  readonly maximumPages: number | undefined;
}

/** Name under which a core module imports the memory that it used to define. */
export const memoryImport = { module: 'kami-limits', name: 'memory' } as const;

/**
 * Name under which a metered core module imports its fuel: one mutable i64 for all modules of a component, which
 * only ever falls. A call has run out of fuel when it ends, in whatever way, with the counter below zero.
 */
export const fuelImport = { module: 'kami-limits', name: 'fuel' } as const;

/** Name of the error that a component's glue throws when a list it passes to the host is over its budget. */
export const liftErrorName = 'LiftBudgetError';
