import type { Sha256 } from './ids.ts';

/** A component ready to be instantiated: compiled once, posted to any number of workers. */
export interface CompiledComponent {
  readonly key: Sha256;
  readonly glue: Glue;
  readonly modules: readonly CompiledModule[];
  readonly reuse: Reuse;
  readonly start: Start;
}

/**
 * What calls of a component begin with. `unknown`: it has not been rehearsed yet. `delivered`: as it was delivered, because
 * rehearsing it does no good. Otherwise its snapshots are of an instance that has done what every call does first,
 * and these are the globals that go with them.
 */
export type Start = 'unknown' | 'delivered' | { readonly globals: readonly GlobalValue[] };

/** Of an i32 or an i64: components that keep other values are not reset, and so not rehearsed. */
export type GlobalValue = number | bigint;

/** The state of an instance that has done what every call does first. */
export interface StartState {
  /** By the name of their core module; shared by all threads. */
  readonly memories: ReadonlyMap<string, WebAssembly.Memory>;
  /** In the order in which the instances export them. */
  readonly globals: readonly GlobalValue[];
}

/** The component with what its calls begin with. */
export function withStart(component: CompiledComponent, start: StartState | 'delivered'): CompiledComponent {
  if (start === 'delivered') return { ...component, start };
  const modules = component.modules.map((module) => ({
    ...module,
    snapshot: start.memories.get(module.name) ?? module.snapshot,
  }));
  return { ...component, modules, start: { globals: start.globals } };
}

/** JavaScript that links core modules to a component: the body of a function that gives jco's `instantiate`. */
export interface Glue {
  readonly sha256: Sha256;
  readonly source: string;
}

/**
 * What may be done with instances of a component. `none`: instantiating it runs code of the guest, which belongs into
 * the call. `ahead`: an instance may be made before its call is known. `reset`: that, and all that a call changes
 * in it can be brought back, so that it is as good as new.
 */
export type Reuse = (typeof reuses)[number];
export const reuses = ['none', 'ahead', 'reset'] as const;

/** A core module; one that used to define a memory imports it as `memoryImport` instead. */
export interface CompiledModule {
  readonly name: string;
  readonly module: WebAssembly.Module;
  readonly memory: MemoryShape | undefined;
  /** What its memory begins with, shared by all threads; undefined where the module writes it itself. */
  readonly snapshot: WebAssembly.Memory | undefined;
}

/** Size of a linear memory in pages of 64 KiB, as its module declares it. */
export interface MemoryShape {
  readonly initialPages: number;
  readonly maximumPages: number | undefined;
}

export const pageBytes = 65_536;

/** Name under which a core module imports the memory that it used to define. */
export const memoryImport = { module: 'kami-limits', name: 'memory' } as const;

/**
 * Name under which a metered core module imports its fuel: one mutable i64 for all modules of a component, which
 * only ever falls. A call has run out of fuel when it ends, in whatever way, with the counter below zero.
 */
export const fuelImport = { module: 'kami-limits', name: 'fuel' } as const;

/** Name of the error that a component's glue throws when a list it passes to the host is over its budget. */
export const liftErrorName = 'LiftBudgetError';

/** What the names begin with under which a core module exports its mutable globals, for the host to bring them back. */
export const globalExportPrefix = 'kami-global-';
