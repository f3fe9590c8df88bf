import { type CompiledComponent, type CompiledModule, memoryImport } from '../model/compiled-component.ts';
import { toolExport } from '../model/contract.ts';
import type { HostImports } from './wasi/imports.ts';

const pageBytes = 65_536;
const mostPages = 65_536;

/** The component's `kami:tool/tool` interface; `run` throws an error with a `payload` for its error case. */
export interface ToolInstance {
  readonly run: (input: string) => string;
  readonly describe: () => string;
  /** Linear memory of the instance, bytes. Memories never shrink, so at the end this is the peak. */
  memoryBytes(): number;
}

type Instantiate = (
  getCoreModule: (name: string) => WebAssembly.Module,
  imports: HostImports,
  instantiateCore: (module: WebAssembly.Module, imports: WebAssembly.Imports) => WebAssembly.Instance,
) => Readonly<Record<string, { run(input: string): string; describe(): string }>>;

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
export async function instantiate(
  component: CompiledComponent,
  imports: HostImports,
  maxMemoryMb: number,
): Promise<ToolInstance> {
  const { instantiate: link } = (await import(component.glueUrl)) as { readonly instantiate: Instantiate };
  const maximums = shareMemory(component.modules, maxMemoryMb);
  const memories = new Map<string, WebAssembly.Memory>();
  const byName = new Map(component.modules.map((module) => [module.name, module]));
  const byModule = new Map(component.modules.map((module) => [module.module, module]));

  const exports = link(
    (name) => {
      const found = byName.get(name);
      if (found === undefined) throw new Error(`the component has no core module ${name}`);
      return found.module;
    },
    imports,
    (module, moduleImports) => {
      const { memory, name } = byModule.get(module) ?? {};
      if (memory === undefined || name === undefined) return new WebAssembly.Instance(module, moduleImports);
      if (memories.has(name)) throw new MemoryInstantiatedTwice(`${name} is instantiated twice`);
      const provided = new WebAssembly.Memory({
        initial: memory.initialPages,
        maximum: maximums.get(name) ?? memory.initialPages,
      });
      memories.set(name, provided);
      return new WebAssembly.Instance(module, {
        ...moduleImports,
        [memoryImport.module]: { [memoryImport.name]: provided },
      });
    },
  );
  const tool = exports[toolExport];
  if (tool === undefined) throw new Error(`the component has no export ${toolExport}`);
  return {
    run: tool.run,
    describe: tool.describe,
    memoryBytes: () => [...memories.values()].reduce((sum, { buffer }) => sum + buffer.byteLength, 0),
  };
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
