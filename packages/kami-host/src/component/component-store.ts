import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CompiledComponent, MemoryShape } from '../model/compiled-component.ts';
import { isSha256, type Sha256 } from '../model/ids.ts';
import { isJsonObject } from '../model/json.ts';
import { type TranspiledComponent, transpileComponent } from './transpile.ts';

/** Where a component's bytes come from when its runnable form has to be made. */
export interface ComponentOrigin {
  readonly key: Sha256;
  /** How to call it in errors: a path or a tool id. */
  readonly source: string;
  readonly read: () => Promise<Uint8Array>;
}

interface FormRecord {
  readonly glue: Sha256;
  readonly modules: readonly {
    readonly name: string;
    readonly sha256: Sha256;
    readonly memory: MemoryShape | undefined;
  }[];
}

/** Changes whenever the same component would be taken apart differently; older forms are then made anew. */
export const formVersion = 'jco-transpile-0.15.0-3';
const recordFile = 'form.json';
/** Another process may move a form away between its writing and its reading. */
const maxAttempts = 3;
/** Writing a form takes a second; a folder that is not finished after an hour never will be. */
const abandonedAfterMs = 60 * 60 * 1_000;

/**
 * The runnable forms of components on disk. Everything in it is derived: it is verified when read, made anew
 * when missing or damaged, and may be deleted at any time. Several processes may use one folder.
 */
export class ComponentStore {
  readonly #directory: string;
  readonly #keep: number;

  /**
   * @param directory folder for this alone, made when needed
   * @param keep forms that stay when a new one is written, the newest; all unless given
   */
  constructor(directory: string, keep = Number.POSITIVE_INFINITY) {
    this.#directory = join(directory, formVersion);
    this.#keep = keep;
  }

  /**
   * Compiles a component, taking it apart first if no usable form is stored.
   * @throws KamiError as `transpileComponent`, or what `origin.read` throws
   */
  async load(origin: ComponentOrigin): Promise<CompiledComponent> {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const stored = await this.#read(origin.key);
      if (stored !== undefined) return stored;
      await this.#write(origin.key, await transpileComponent(await origin.read(), origin.source));
    }
    throw new Error(`the form of ${origin.key} was damaged each time it was written`);
  }

  /** Forgets a component's form. */
  async remove(key: Sha256): Promise<void> {
    await rm(this.#folder(key), { recursive: true, force: true });
  }

  #folder(key: Sha256): string {
    return join(this.#directory, key);
  }

  async #read(key: Sha256): Promise<CompiledComponent | undefined> {
    const folder = this.#folder(key);
    try {
      const record = parseRecord(await readFile(join(folder, recordFile), 'utf8'));
      if (record === undefined) return undefined;
      const [glue, ...contents] = await Promise.all([
        readFile(join(folder, 'glue.mjs')),
        ...record.modules.map(({ name }) => readFile(join(folder, name))),
      ]);
      const intact =
        sha256Of(glue) === record.glue &&
        record.modules.every(({ sha256 }, index) => sha256Of(contents[index] as Buffer) === sha256);
      if (!intact) return undefined;
      const modules = await Promise.all(
        record.modules.map(async ({ name, memory }, index) => ({
          name,
          memory,
          module: await WebAssembly.compile(contents[index] as Buffer<ArrayBuffer>),
        })),
      );
      return { key, glueUrl: pathToFileURL(join(folder, 'glue.mjs')).href, modules };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async #write(key: Sha256, { glue, modules }: TranspiledComponent): Promise<void> {
    const staging = join(this.#directory, `.staging-${process.pid}-${randomUUID()}`);
    await mkdir(staging, { recursive: true, mode: 0o700 });
    const record: FormRecord = {
      glue: sha256Of(glue),
      modules: modules.map(({ name, bytes, memory }) => ({ name, sha256: sha256Of(bytes), memory })),
    };
    await Promise.all([
      writeFile(join(staging, recordFile), JSON.stringify(record)),
      writeFile(join(staging, 'glue.mjs'), glue),
      ...modules.map(({ name, bytes }) => writeFile(join(staging, name), bytes)),
    ]);
    await this.#replace(staging, key);
    await this.#prune();
  }

  /**
   * A folder can't be renamed onto a full one. What another process has put there in the meantime stays if it is
   * whole, since that process may be reading it; what is damaged is moved away first.
   */
  async #replace(staging: string, key: Sha256): Promise<void> {
    const target = this.#folder(key);
    const old = `${staging}-old`;
    const isTaken = await rename(staging, target).then(() => false, takenOrThrow);
    if (isTaken && (await this.#read(key)) === undefined) {
      await rename(target, old).catch(ignore('ENOENT'));
      await rename(staging, target).catch(ignore(...takenCodes));
    }
    await Promise.all([staging, old].map((folder) => rm(folder, { recursive: true, force: true })));
  }

  /** Removes the oldest forms beyond the number to keep, and what a killed process left half-written. */
  async #prune(): Promise<void> {
    const folders = await Promise.all(
      (await readdir(this.#directory)).map(async (name) => {
        const path = join(this.#directory, name);
        return { name, path, age: Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? 0) };
      }),
    );
    const forms = folders.filter(({ name }) => isSha256(name)).sort((left, right) => left.age - right.age);
    const abandoned = folders.filter(({ name, age }) => !isSha256(name) && age > abandonedAfterMs);
    for (const { path } of [...forms.slice(this.#keep), ...abandoned]) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

function parseRecord(text: string): FormRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isJsonObject(value) || typeof value.glue !== 'string' || !Array.isArray(value.modules))
      return undefined;
    return value as unknown as FormRecord;
  } catch {
    return undefined;
  }
}

function sha256Of(bytes: Uint8Array): Sha256 {
  return createHash('sha256').update(bytes).digest('hex') as Sha256;
}

const takenCodes = ['ENOTEMPTY', 'EEXIST', 'EPERM'];

function takenOrThrow(error: NodeJS.ErrnoException): true {
  ignore(...takenCodes)(error);
  return true;
}

function ignore(...codes: readonly string[]): (error: NodeJS.ErrnoException) => void {
  return (error) => {
    if (!codes.includes(error.code ?? '')) throw error;
  };
}
