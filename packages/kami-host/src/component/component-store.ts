import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CompiledComponent } from '../model/compiled-component.ts';
import { isSha256, type Sha256 } from '../model/ids.ts';
import { EngineCache } from './engine-cache.ts';
import {
  engineFile,
  type FormRecord,
  filesOf,
  glueFile,
  readRecord,
  readVerified,
  recordText,
  type StoredForm,
  sha256Of,
  snapshotFile,
} from './form-record.ts';
import { transpileComponent } from './intake.ts';
import type { TranspiledComponent } from './transpiled-component.ts';

/** Where a component's bytes come from when its runnable form has to be made. */
export interface ComponentOrigin {
  readonly key: Sha256;
  /** How to call it in errors: a path or a tool id. */
  readonly source: string;
  readonly read: () => Promise<Uint8Array>;
}

/** Changes whenever the same component would be taken apart differently; older forms are then made anew. */
export const formVersion = 'jco-transpile-0.15.0-12';
/** Another process may remove a form's files between their writing and their reading. */
const maxAttempts = 3;
/** Writing a file takes a second; one that is not finished after an hour never will be. */
const abandonedAfterMs = 60 * 60 * 1_000;
const recordEnding = '.json';
const maxKnown = 4_096;

/**
 * The runnable forms of components on disk: for each a record, which names its parts by their content, so that
 * what components have in common is there once. Everything in it is derived: it is verified when read, made anew
 * when missing or damaged, and may be deleted at any time. Several processes may use one folder.
 */
export class ComponentStore {
  readonly #files: string;
  readonly #records: string;
  readonly #keep: number;
  readonly #known = new Map<Sha256, StoredForm>();
  readonly #making = new Map<Sha256, Promise<StoredForm>>();
  readonly #engines = new EngineCache();

  /**
   * @param directory folder for this alone, made when needed
   * @param keep forms that stay when a new one is written, the newest; all unless given
   */
  constructor(directory: string, keep = Number.POSITIVE_INFINITY) {
    this.#files = join(directory, formVersion, 'files');
    this.#records = join(directory, formVersion, 'forms');
    this.#keep = keep;
  }

  /**
   * Compiles a component, taking it apart first if no usable form is stored.
   * @throws KamiError as `transpileComponent`, or what `origin.read` throws
   */
  async load(origin: ComponentOrigin): Promise<CompiledComponent> {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const form = attempt === 0 ? await this.prepare(origin) : await this.renew(origin);
      const compiled = await this.#engines.compile(form);
      if (compiled !== undefined) return compiled;
    }
    throw new Error(`the form of ${origin.key} was damaged each time it was written`);
  }

  /**
   * Finds a component's form, or makes it. Its files are not verified yet: `EngineCache` does that.
   * @throws KamiError as `transpileComponent`, or what `origin.read` throws
   */
  async prepare(origin: ComponentOrigin): Promise<StoredForm> {
    const { key } = origin;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const record = await readRecord(this.#record(key));
    if (record === undefined) return this.renew(origin);
    return this.#remember({ key, folder: this.#files, record });
  }

  /** Makes a component's form anew, in place of one that was found damaged; once for all who ask at the same time. */
  renew(origin: ComponentOrigin): Promise<StoredForm> {
    const { key } = origin;
    const making = this.#making.get(key) ?? this.#make(origin).finally(() => this.#making.delete(key));
    this.#making.set(key, making);
    return making;
  }

  /** Forgets a component's form, and the parts that no other form has. */
  async remove(key: Sha256): Promise<void> {
    this.#known.delete(key);
    await rm(this.#record(key), { force: true });
    await this.#sweep();
  }

  async #make({ key, read, source }: ComponentOrigin): Promise<StoredForm> {
    const record = await this.#write(key, await transpileComponent(await read(), source));
    return this.#remember({ key, folder: this.#files, record });
  }

  /** Reading a record for every call would cost more than many a call. */
  #remember(form: StoredForm): StoredForm {
    if (this.#known.size >= maxKnown) this.#known.clear();
    this.#known.set(form.key, form);
    return form;
  }

  #record(key: Sha256): string {
    return join(this.#records, key + recordEnding);
  }

  /** The parts first: a record never names what was not there. What a sweep removes in between is made anew later. */
  async #write(key: Sha256, { glue, modules, reuse }: TranspiledComponent): Promise<FormRecord> {
    for (const folder of [this.#files, this.#records]) await mkdir(folder, { recursive: true, mode: 0o700 });
    const parts = new Map<string, Uint8Array>();
    const record: FormRecord = {
      glue: sha256Of(glue),
      reuse,
      modules: modules.map(({ name, bytes, memory, snapshot }) => {
        const engine = sha256Of(bytes);
        parts.set(engineFile(engine), bytes);
        if (snapshot === undefined) return { name, engine, memory, snapshot };
        const { compressed, size } = snapshot;
        const sha256 = sha256Of(compressed);
        parts.set(snapshotFile(sha256), compressed);
        return { name, engine, memory, snapshot: { sha256, size } };
      }),
    };
    parts.set(glueFile(record.glue), glue);
    for (const [name, bytes] of parts) {
      if ((await readVerified(this.#files, name)) === undefined) await put(this.#files, name, bytes);
    }
    await put(this.#records, key + recordEnding, Buffer.from(recordText(record)));
    await this.#sweep();
    return record;
  }

  /** Removes the oldest records beyond the number to keep, and files that no record names. */
  async #sweep(): Promise<void> {
    const records = (await list(this.#records)).filter(({ name }) => isRecord(name));
    const [kept, old] = [records.slice(0, this.#keep), records.slice(this.#keep)];
    const used = new Set<string>();
    for (const { path } of kept) {
      const record = await readRecord(path);
      for (const name of record === undefined ? [] : filesOf(record)) used.add(name);
    }
    const unused = (await list(this.#files)).filter(({ name }) => !isStaging(name) && !used.has(name));
    const abandoned = [...(await list(this.#files)), ...(await list(this.#records))].filter(
      ({ name, ageMs }) => isStaging(name) && ageMs > abandonedAfterMs,
    );
    for (const { path } of [...old, ...unused, ...abandoned])
      await rm(path, { recursive: true, force: true });
  }
}

interface Entry {
  readonly name: string;
  readonly path: string;
  readonly ageMs: number;
}

/** What is in a folder, the newest first; nothing when it is not there. */
async function list(folder: string): Promise<readonly Entry[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const entries = await Promise.all(
    names.map(async (name): Promise<Entry> => {
      const path = join(folder, name);
      const changed = (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
      return { name, path, ageMs: Date.now() - changed };
    }),
  );
  return entries.toSorted((left, right) => left.ageMs - right.ageMs);
}

/** Writes a file so that others see all of it or nothing. */
async function put(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const staging = join(folder, `.staging-${process.pid}-${randomUUID()}`);
  await writeFile(staging, bytes, { mode: 0o600 });
  await rename(staging, join(folder, name));
}

const isStaging = (name: string) => name.startsWith('.staging-');
const isRecord = (name: string) =>
  name.endsWith(recordEnding) && isSha256(name.slice(0, -recordEnding.length));
