import { compileFunction } from 'node:vm';
import type { Glue } from '../model/compiled-component.ts';
import type { Sha256 } from '../model/ids.ts';
import type { Instantiate } from './instance.ts';

const linkers = new Map<Sha256, Instantiate>();

/** What links the components of this glue; loaded once in a thread, and never unloaded. */
export function linkerOf({ sha256, source }: Glue): Instantiate {
  const known = linkers.get(sha256);
  if (known !== undefined) return known;
  const linker = compileFunction(source, [], { filename: `kami-glue-${sha256}.js` })() as Instantiate;
  linkers.set(sha256, linker);
  return linker;
}
