import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CompiledComponent, CompiledModule, MemoryShape } from '../model/compiled-component.ts';
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
import { expandSnapshot } from './snapshot-file.ts';

type Compiled = WebAssembly.Module | undefined;

/** Compiles forms. Tools of one engine share its compiled modules: only the first of them waits for V8. */
export class EngineCache {
  readonly #size: number;
  /** In the order of last use, the oldest first. */
  readonly #modules = new Map<Sha256, Promise<Compiled>>();

  /** @param size modules to keep; a component of the usual engines has four, all of them shared */
  constructor(size = 64) {
    this.#size = size;
  }

  /** Verifies and compiles a form; undefined when one of its files is missing or damaged. */
  async compile({ key, folder, record }: StoredForm): Promise<CompiledComponent | undefined> {
    const [glue, ...modules] = await Promise.all([
      readVerified(folder, glueFile(record.glue)),
      ...record.modules.map((module) => this.#load(folder, module)),
    ]);
    if (glue === undefined || !modules.every((module) => module !== undefined)) return undefined;
    const { reuse } = record;
    return { key, reuse, glueUrl: pathToFileURL(join(folder, glueFile(record.glue))).href, modules };
  }

  async #load(folder: string, record: ModuleRecord): Promise<CompiledModule | undefined> {
    const { name, engine, memory, snapshot } = record;
    const [module, initial] = await Promise.all([
      this.#engine(folder, engine),
      snapshot === undefined || memory === undefined ? undefined : readSnapshot(folder, snapshot, memory),
    ]);
    if (module === undefined || initial === 'damaged') return undefined;
    return { name, module, memory, snapshot: initial };
  }

  #engine(folder: string, sha256: Sha256): Promise<Compiled> {
    const known = this.#modules.get(sha256);
    const entry = known ?? compileFile(folder, engineFile(sha256));
    this.#modules.delete(sha256);
    this.#modules.set(sha256, entry);
    if (known === undefined) {
      const forget = () => {
        if (this.#modules.get(sha256) === entry) this.#modules.delete(sha256);
      };
      entry.then((module) => module ?? forget(), forget);
      this.#evict();
    }
    return entry;
  }

  #evict(): void {
    for (const sha256 of this.#modules.keys()) {
      if (this.#modules.size <= this.#size) return;
      this.#modules.delete(sha256);
    }
  }
}

async function compileFile(folder: string, name: string): Promise<Compiled> {
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
    applySnapshot(expandSnapshot(compressed, size), new Uint8Array(memory.buffer));
    return memory;
  } catch (error) {
    if (error instanceof MalformedBinary || error instanceof RangeError) return 'damaged';
    throw error;
  }
}
