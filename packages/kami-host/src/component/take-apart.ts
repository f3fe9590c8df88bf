import { type MemoryShape, pageBytes, type Reuse } from '../model/compiled-component.ts';
import { packSnapshot } from '../model/snapshot.ts';
import { MalformedBinary, readSections } from './binary-reader.ts';
import { boundModule } from './bound-module.ts';
import { checkCoreNames } from './core-names.ts';
import { checkCoreTypes } from './core-types.ts';
import { exportGlobals } from './export-globals.ts';
import { toFunctionBody } from './glue-function.ts';
import { takeShortcuts } from './glue-shortcuts.ts';
import { checkImportedTypes } from './imported-types-check.ts';
import { checkInterfaces, invalidComponent } from './interfaces.ts';
import { boundLifting, UnknownGlue } from './lift-budget.ts';
import { meterWithFacts } from './metering/meter-module.ts';
import { sectionId } from './metering/module-shape.ts';
import { makeResettable } from './reset-glue.ts';
import { compressSnapshot } from './snapshot-file.ts';
import { splitData } from './split-data.ts';
import {
  maxGlueBytes,
  maxModuleBytes,
  maxModules,
  type TranspiledComponent,
  type TranspiledModule,
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
  const modules: (PreparedModule & { readonly name: string })[] = [];
  for (const [name, content] of cores) {
    const module = await prepareModule(content, source);
    left -= module.bytes.length + (module.snapshot?.size ?? 0);
    if (left < 0) throw invalidComponent(source, 'its core modules are too large when metered');
    modules.push({ name, ...module });
  }
  const bounded = takeShortcuts(boundGlue(glue, source));
  const reuse = reuseOf(
    cores.map(([, content]) => content),
    modules,
  );
  const resettable = reuse === 'reset' ? makeResettable(bounded) : undefined;
  return {
    glue: Buffer.from(toFunctionBody(resettable ?? bounded, source)),
    modules: modules.map(({ hidesState: _, ...module }) => module),
    reuse: reuse === 'reset' && resettable === undefined ? 'ahead' : reuse,
  };
}

/** What the core modules allow; whether the glue can be brought back is another question. */
function reuseOf(cores: readonly Uint8Array[], modules: readonly PreparedModule[]): Reuse {
  const runsAtStart = cores.some((core) => readSections(core).some(({ id }) => id === sectionId.start));
  if (runsAtStart) return 'none';
  const isKnown = modules.every(
    ({ memory, snapshot, hidesState }) => (memory === undefined || snapshot !== undefined) && !hidesState,
  );
  return isKnown ? 'reset' : 'ahead';
}

function boundGlue(glue: Uint8Array, source: string): string {
  try {
    return boundLifting(Buffer.from(glue).toString('utf8'));
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

interface PreparedModule extends Omit<TranspiledModule, 'name'> {
  /** Whether it changes what nobody outside can bring back: tables, segments, other globals than whole numbers, others' memory. */
  readonly hidesState: boolean;
}

async function prepareModule(content: Uint8Array, source: string): Promise<PreparedModule> {
  try {
    checkCoreNames(content);
    checkCoreTypes(content);
    const { bytes, memory } = boundModule(content);
    const { bytes: exported, hasOthers } = exportGlobals(bytes);
    const prepared = (memory && (await splitModule(exported, memory))) ?? {
      ...meter(exported),
      memory,
      snapshot: undefined,
    };
    // Data for the memory of another module is in no snapshot.
    const writesElsewhere =
      memory === undefined && readSections(content).some(({ id }) => id === sectionId.data);
    return { ...prepared, hidesState: prepared.hidesState || hasOthers || writesElsewhere };
  } catch (cause) {
    if (cause instanceof MalformedBinary || cause instanceof WebAssembly.CompileError) {
      throw invalidComponent(source, cause.message.slice(0, 300), cause);
    }
    throw cause;
  }
}

/** The module without its data, which then is a snapshot; undefined where it can't do without. */
async function splitModule(bytes: Uint8Array, memory: MemoryShape): Promise<PreparedModule | undefined> {
  const split = splitData(bytes, memory.initialPages);
  if (split === undefined) return undefined;
  try {
    const snapshot = packSnapshot(split.data, memory.initialPages * pageBytes);
    const compressed = await compressSnapshot(snapshot);
    return { ...meter(split.engine), memory, snapshot: { compressed, size: snapshot.length } };
  } catch (error) {
    // Its code names its segments; whatever else is wrong with it is so with its data, too.
    if (error instanceof WebAssembly.CompileError) return undefined;
    throw error;
  }
}

function meter(bytes: Uint8Array): Pick<PreparedModule, 'bytes' | 'hidesState'> {
  const { bytes: metered, changesTables: hidesState } = meterWithFacts(bytes);
  // Compiled here once, so that what takes V8 down or for ever does so in this process.
  new WebAssembly.Module(metered as Uint8Array<ArrayBuffer>);
  return { bytes: metered, hidesState };
}

/** The transpiler fails with a message as payload of its error: what it was about to do, and below that the cause. */
function detailOf(error: unknown): string {
  if (error instanceof WebAssembly.RuntimeError) return 'it breaks the tool chain that takes it apart';
  const payload = (error as { readonly payload?: unknown } | null)?.payload;
  const lines = (typeof payload === 'string' ? payload : String(error)).trim().split('\n');
  return lines.at(-1)?.trim().slice(0, 500) ?? '';
}
