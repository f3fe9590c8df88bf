import { MalformedBinary } from './binary-reader.ts';
import { type BoundModule, boundModule } from './bound-module.ts';
import { checkCoreNames } from './core-names.ts';
import { checkCoreTypes } from './core-types.ts';
import { checkImportedTypes } from './imported-types-check.ts';
import { checkInterfaces, invalidComponent } from './interfaces.ts';
import { boundLifting, UnknownGlue } from './lift-budget.ts';
import { meterModule } from './metering/meter-module.ts';
import {
  maxGlueBytes,
  maxModuleBytes,
  maxModules,
  type TranspiledComponent,
} from './transpiled-component.ts';
import { loadTranspiler } from './transpiler.ts';

const glueName = 'component.js';

/**
 * Checks a component, and turns it into JavaScript and core modules that V8 can run and the host can bound.
 * Only for a process that may die of it: see `transpileComponent`.
 * @param source how to call the bytes in an error
 * @throws KamiError as `checkInterfaces` and `checkImportedTypes`, and `KAMI_COMPONENT_INVALID`
 */
export async function takeApart(bytes: Uint8Array, source: string): Promise<TranspiledComponent> {
  checkInterfaces(bytes, source);
  checkImportedTypes(bytes, source);
  const files = transpile(await loadTranspiler(), bytes, source);
  const glue = files.find(([name]) => name === glueName)?.[1];
  if (glue === undefined) throw invalidComponent(source, 'it has nothing to link');
  if (glue.length > maxGlueBytes) throw invalidComponent(source, 'linking it takes too much code');
  const cores = files.filter(([name]) => name.endsWith('.wasm'));
  if (cores.length > maxModules) {
    throw invalidComponent(source, `it has ${cores.length} core modules; ${maxModules} are allowed`);
  }
  let left = maxModuleBytes;
  const modules = cores.map(([name, content]) => {
    const module = prepareModule(content, source);
    left -= module.bytes.length;
    if (left < 0) throw invalidComponent(source, 'its core modules are too large when metered');
    return { name, ...module };
  });
  return { glue: boundGlue(glue, source), modules };
}

function boundGlue(glue: Uint8Array, source: string): Uint8Array {
  try {
    return Buffer.from(boundLifting(Buffer.from(glue).toString('utf8')));
  } catch (cause) {
    if (!(cause instanceof UnknownGlue)) throw cause;
    throw invalidComponent(source, `it passes its host what KAMI can't bound (${cause.message})`, cause);
  }
}

type Generate = Awaited<ReturnType<typeof loadTranspiler>>;

function transpile(generate: Generate, bytes: Uint8Array, source: string): readonly [string, Uint8Array][] {
  try {
    return generate(bytes, {
      name: 'component',
      // Any other mode lets the component name modules of Node and get them.
      instantiation: { tag: 'sync' },
      noTypescript: true,
      noNodejsCompat: true,
      base64Cutoff: 0,
      map: [],
    }).files;
  } catch (cause) {
    throw invalidComponent(source, detailOf(cause), cause);
  }
}

function prepareModule(content: Uint8Array, source: string): BoundModule {
  try {
    checkCoreNames(content);
    checkCoreTypes(content);
    const { bytes, memory } = boundModule(content);
    const metered = meterModule(bytes);
    // Compiled here once, so that what takes V8 down or for ever does so in this process.
    new WebAssembly.Module(metered as Uint8Array<ArrayBuffer>);
    return { bytes: metered, memory };
  } catch (cause) {
    if (cause instanceof MalformedBinary || cause instanceof WebAssembly.CompileError) {
      throw invalidComponent(source, cause.message.slice(0, 300), cause);
    }
    throw cause;
  }
}

/** The transpiler fails with a message as payload of its error: what it was about to do, and below that the cause. */
function detailOf(error: unknown): string {
  if (error instanceof WebAssembly.RuntimeError) return 'it breaks the tool chain that takes it apart';
  const payload = (error as { readonly payload?: unknown } | null)?.payload;
  const lines = (typeof payload === 'string' ? payload : String(error)).trim().split('\n');
  return lines.at(-1)?.trim().slice(0, 500) ?? '';
}
