import {
  type CompiledComponent,
  type CompiledModule,
  fuelImport,
  type GlobalValue,
  globalExportPrefix,
  memoryImport,
  pageBytes,
  type StartState,
} from '../model/compiled-component.ts';
import { type OfferInterface, offerExports, toolExport } from '../model/contract.ts';
import type { Limits } from '../model/limits.ts';
import { linkerOf, type ToolExports } from './linker.ts';
import { type CopyPages, copyMemory, pageCopier } from './page-copier.ts';
import type { HostImports } from './wasi/imports.ts';

const mostPages = 65_536;

/** The component's `kami:tool/tool` interface; `run` throws an error with a `payload` for its error case. */
export interface ToolInstance extends ToolExports {
  /** A function of what it offers beside its tool; undefined where it has none. It throws as `run` does. */
  offered(offer: OfferInterface, method: string): ((...texts: string[]) => string) | undefined;
  /** Linear memory of the instance, bytes. Memories never shrink, so at the end this is the peak. */
  memoryBytes(): number;
  /** Fuel that is left; below 0 when the component was stopped for want of it. */
  fuelLeft(): number;
  /**
   * Brings it back to what it was when it was new, with the imports of another call. Only after a call that returned.
   * @returns whether that was possible; if not, it is of no use any more
   */
  reset(imports: HostImports): boolean;
  /** Its state at this moment, for others to begin with; undefined where that is not possible. */
  capture(): StartState | undefined;
}

/** The memories that the modules need to begin with are larger than the limit. */
export class MemoryLimitTooSmall extends Error {
  override readonly name = 'MemoryLimitTooSmall';
  readonly neededMb: number;

  constructor(neededMb: number) {
    super(`needs ${neededMb} MB of memory to start`);
    this.neededMb = neededMb;
  }
}

/** A core module that defines a memory is instantiated again: each instance would take the module's share anew. */
export class MemoryInstantiatedTwice extends Error {
  override readonly name = 'MemoryInstantiatedTwice';
}

/**
 * Makes a fresh instance of a component whose memories together stay within a limit.
 * @throws MemoryLimitTooSmall, MemoryInstantiatedTwice and whatever the component's start function throws
 */
export function instantiate(
  component: CompiledComponent,
  imports: HostImports,
  { maxMemoryMb, maxFuel }: Pick<Limits, 'maxMemoryMb' | 'maxFuel'>,
): ToolInstance {
  const link = linkerOf(component.glue);
  const maximums = shareMemory(component.modules, maxMemoryMb);
  // One counter for all core modules: a component can't get more fuel by having more of them.
  const fuel = new WebAssembly.Global({ value: 'i64', mutable: true }, BigInt(maxFuel));
  const memories = new Map<string, WebAssembly.Memory>();
  const snapshots = new Map<string, CopyPages>();
  const globals = new Map<WebAssembly.Global, GlobalValue>();
  const byName = new Map(component.modules.map((module) => [module.name, module]));

  const exports = link(
    (name) => {
      const found = byName.get(name);
      if (found === undefined) throw new Error(`the component has no core module ${name}`);
      return found;
    },
    imports,
    ({ module, memory, name, snapshot }, moduleImports) => {
      const limits: Record<string, unknown> = { [fuelImport.name]: fuel };
      if (memory !== undefined) {
        if (memories.has(name)) throw new MemoryInstantiatedTwice(`${name} is instantiated twice`);
        const maximum = maximums.get(name) ?? memory.initialPages;
        const provided = new WebAssembly.Memory({ initial: memory.initialPages, maximum });
        memories.set(name, provided);
        if (snapshot !== undefined) {
          const copy = pageCopier(snapshot, provided);
          copy();
          snapshots.set(name, copy);
        }
        limits[memoryImport.name] = provided;
      }
      const instance = new WebAssembly.Instance(module, { ...moduleImports, [memoryImport.module]: limits });
      for (const global of ownGlobals(instance)) globals.set(global, global.value);
      return instance;
    },
  );
  const tool = exports[toolExport];
  if (tool === undefined) throw new Error(`the component has no export ${toolExport}`);
  if (typeof component.start === 'object') setGlobals(globals, component.start.globals);
  const hasItsFirstSize = () =>
    component.modules.every(
      ({ name, memory }) =>
        memories.get(name)?.buffer.byteLength === (memory && memory.initialPages * pageBytes),
    );
  return {
    run: tool.run,
    describe: tool.describe,
    offered(offer, method) {
      const functions = exports[offerExports[offer]];
      return functions !== undefined && Object.hasOwn(functions, method) ? functions[method] : undefined;
    },
    fuelLeft: () => Number(fuel.value),
    reset(next) {
      if (exports.kamiReset === undefined || snapshots.size < memories.size || !hasItsFirstSize())
        return false;
      for (const copy of snapshots.values()) copy();
      for (const [global, value] of globals) global.value = value;
      fuel.value = BigInt(maxFuel);
      return exports.kamiReset(next);
    },
    capture() {
      if (exports.kamiReset === undefined || !hasItsFirstSize()) return undefined;
      return {
        memories: new Map([...memories].map(([name, memory]) => [name, copyMemory(memory)])),
        globals: [...globals.keys()].map((global) => global.value),
      };
    },
    memoryBytes: () => [...memories.values()].reduce((sum, { buffer }) => sum + buffer.byteLength, 0),
  };
}

/** Gives globals, in their order, the values that they are to begin with. */
function setGlobals(globals: Map<WebAssembly.Global, GlobalValue>, values: readonly GlobalValue[]): void {
  for (const [index, global] of [...globals.keys()].entries()) {
    const value = values[index];
    if (value === undefined) throw new Error('the start state has too few globals');
    global.value = value;
    globals.set(global, value);
  }
}

/** The mutable globals that a core module defines: intake has each of them exported. */
function ownGlobals({ exports }: WebAssembly.Instance): readonly WebAssembly.Global[] {
  return Object.entries(exports).flatMap(([name, value]) =>
    name.startsWith(globalExportPrefix) && value instanceof WebAssembly.Global ? [value] : [],
  );
}

/** Maximum pages for each module's memory, by name: what remains above the initial sizes is divided evenly. */
function shareMemory(modules: readonly CompiledModule[], maxMemoryMb: number): ReadonlyMap<string, number> {
  const withMemory = modules.flatMap(({ name, memory }) => (memory === undefined ? [] : [{ name, memory }]));
  const limit = Math.floor((maxMemoryMb * 1024 * 1024) / pageBytes);
  const initial = withMemory.reduce((sum, { memory }) => sum + memory.initialPages, 0);
  if (initial > limit) throw new MemoryLimitTooSmall(Math.ceil((initial * pageBytes) / 1024 / 1024));
  const spare = withMemory.length === 0 ? 0 : Math.floor((limit - initial) / withMemory.length);
  return new Map(
    withMemory.map(({ name, memory }) => [
      name,
      Math.min(memory.initialPages + spare, memory.maximumPages ?? mostPages, mostPages),
    ]),
  );
}
