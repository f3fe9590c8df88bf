import type { CompiledComponent, CompiledModule, Glue, MemoryShape } from '../model/compiled-component.ts';
import type { Sha256 } from '../model/ids.ts';
import { applySnapshot } from '../model/snapshot.ts';
import { MalformedBinary } from './binary-reader.ts';
import {
  engineFile,
  glueFile,
  type ModuleRecord,
  readVerified,
  type SnapshotRecord,
  type StoredForm,
  snapshotFile,
} from './form-record.ts';
import { startOf } from './packed-start.ts';
import { SharedParts } from './shared-parts.ts';
import { expandSnapshot } from './snapshot-file.ts';

/** Modules to keep; a component of the usual engines has four, all of them shared. */
const maxModules = 64;
const maxGlues = 16;

/** What forms have in common. */
export interface EngineParts {
  /** Absolute path. */
  readonly folder: string;
  readonly glue: Sha256;
  readonly modules: readonly Sha256[];
}

export function engineOf({ folder, record: { glue, modules } }: StoredForm): EngineParts {
  return { folder, glue, modules: modules.map(({ engine }) => engine) };
}

/** Compiles forms. Tools of one engine share its compiled modules and its glue: only the first of them waits for V8. */
export class EngineCache {
  readonly #modules = new SharedParts<WebAssembly.Module>(maxModules);
  readonly #glues = new SharedParts<Glue>(maxGlues);

  /** Verifies and compiles a form; undefined when one of its files is missing or damaged. */
  async compile({ key, folder, record }: StoredForm): Promise<CompiledComponent | undefined> {
    const { glue: sha256, reuse, start } = record;
    const [glue, ...modules] = await Promise.all([
      this.#glues.get(sha256, () => readGlue(folder, sha256)),
      ...record.modules.map((module) => this.#load(folder, module)),
    ]);
    if (glue === undefined || !modules.every((module) => module !== undefined)) return undefined;
    return { key, reuse, glue, modules, start: startOf(start) };
  }

  /** Compiles what components of an engine have in common; undefined when a file is missing or damaged. */
  async compileEngine({ folder, glue: sha256, modules }: EngineParts): Promise<Glue | undefined> {
    const [glue] = await Promise.all([
      this.#glues.get(sha256, () => readGlue(folder, sha256)),
      ...modules.map((engine) => this.#module(folder, engine)),
    ]);
    return glue;
  }

  #module(folder: string, engine: Sha256): Promise<WebAssembly.Module | undefined> {
    return this.#modules.get(engine, () => compileFile(folder, engineFile(engine)));
  }

  async #load(folder: string, record: ModuleRecord): Promise<CompiledModule | undefined> {
    const { name, engine, memory, snapshot } = record;
    const [module, initial] = await Promise.all([
      this.#module(folder, engine),
      snapshot === undefined || memory === undefined ? undefined : readSnapshot(folder, snapshot, memory),
    ]);
    if (module === undefined || initial === 'damaged') return undefined;
    return { name, module, memory, snapshot: initial };
  }
}

async function readGlue(folder: string, sha256: Sha256): Promise<Glue | undefined> {
  const bytes = await readVerified(folder, glueFile(sha256));
  return bytes === undefined ? undefined : { sha256, source: Buffer.from(bytes).toString('utf8') };
}

async function compileFile(folder: string, name: string): Promise<WebAssembly.Module | undefined> {
  const bytes = await readVerified(folder, name);
  return bytes === undefined ? undefined : WebAssembly.compile(bytes);
}

/**
 * A memory in the state of the snapshot. It is WebAssembly's own, because that alone can be shared by threads and
 * still be copied as fast as any other.
 */
async function readSnapshot(
  folder: string,
  { sha256, size }: SnapshotRecord,
  { initialPages }: MemoryShape,
): Promise<WebAssembly.Memory | 'damaged'> {
  const compressed = await readVerified(folder, snapshotFile(sha256));
  if (compressed === undefined) return 'damaged';
  const memory = new WebAssembly.Memory({ initial: initialPages, maximum: initialPages, shared: true });
  try {
    applySnapshot(await expandSnapshot(compressed, size), new Uint8Array(memory.buffer));
    return memory;
  } catch (error) {
    if (error instanceof MalformedBinary || error instanceof RangeError) return 'damaged';
    throw error;
  }
}
