import { compileFunction } from 'node:vm';
import type { CompiledModule, Glue } from '../model/compiled-component.ts';
import type { OfferInterface, offerExports, toolExport } from '../model/contract.ts';
import type { Sha256 } from '../model/ids.ts';
import type { HostImports } from './wasi/imports.ts';

/** The functions of an interface that a component may export beside its tool. */
export type OfferFunctions = Readonly<Record<string, (...texts: string[]) => string>>;

/** The functions of `kami:tool/tool`. */
export interface ToolExports {
  readonly run: (input: string) => string;
  readonly describe: () => string;
}

/** What links a component: jco's `instantiate`, for modules and imports of our making. */
export type Instantiate = (
  // The glue only hands on what it gets here, so it gets more than a module: two may be of the same code.
  getCoreModule: (name: string) => CompiledModule,
  imports: HostImports,
  instantiateCore: (module: CompiledModule, imports: WebAssembly.Imports) => WebAssembly.Instance,
) => Readonly<Record<typeof toolExport, ToolExports | undefined>> &
  Readonly<Record<(typeof offerExports)[OfferInterface], OfferFunctions | undefined>> & {
    /** Where the component's glue can be used again. */
    readonly kamiReset?: (imports: HostImports) => boolean;
  };

const linkers = new Map<Sha256, Instantiate>();

/** What links the components of this glue; loaded once in a thread, and never unloaded. */
export function linkerOf({ sha256, source }: Glue): Instantiate {
  const known = linkers.get(sha256);
  if (known !== undefined) return known;
  const linker = compileFunction(source, [], { filename: `kami-glue-${sha256}.js` })() as Instantiate;
  linkers.set(sha256, linker);
  return linker;
}
