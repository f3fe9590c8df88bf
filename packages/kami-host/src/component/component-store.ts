import { rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { CompiledComponent, Glue } from '../model/compiled-component.ts';
import type { Sha256 } from '../model/ids.ts';
import { EngineCache, type EngineParts } from './engine-cache.ts';
import {
  engineFile,
  type FormRecord,
  filesOf,
  glueFile,
  hashInName,
  type ModuleRecord,
  partKind,
  readRecord,
  readVerified,
  recordText,
  type StoredForm,
  sha256Of,
  snapshotFile,
} from './form-record.ts';
import { transpileComponent } from './intake.ts';
import { isUsable, type PackedStart, recordedStart } from './packed-start.ts';
import {
  isAbandoned,
  isOwnerless,
  keyOfRecord,
  listEntries,
  putFile,
  recordName,
  type StoreEntry,
  type StoreFolders,
  storeFolders,
} from './store-entries.ts';
import type { TranspiledComponent } from './transpiled-component.ts';

/** Where a component's bytes come from when its runnable form has to be made. */
export interface ComponentOrigin {
  readonly key: Sha256;
  /** How to call it in errors: a path or a tool id. */
  readonly source: string;
  readonly read: () => Promise<Uint8Array>;
}

/** Changes whenever the same component would be taken apart differently; older forms are then made anew. */
export const formVersion = 'jco-transpile-0.15.0-18';
/** Another process may remove a form's files between their writing and their reading. */
const maxAttempts = 3;
const maxKnown = 4_096;
const togetherMs = 60_000;
/** The usual engines have four. */
const maxEngineModules = 16;

/**
 * The runnable forms of components on disk: for each a record, which names its parts by their content, so that
 * what components have in common is there once. Everything in it is derived: it is verified when read, made anew
 * when missing or damaged, and may be deleted at any time. Several processes may use one folder.
 */
export class ComponentStore {
  readonly #folders: StoreFolders;
  readonly #keep: number;
  readonly #known = new Map<Sha256, StoredForm>();
  readonly #making = new Map<Sha256, Promise<StoredForm>>();
  readonly #engines = new EngineCache();

  /**
   * @param directory folder for this alone, made when needed
   * @param keep forms that stay when a new one is written, the newest; all unless given
   */
  constructor(directory: string, keep = Number.POSITIVE_INFINITY) {
    this.#folders = storeFolders(directory, formVersion);
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
    const record = await readRecord(this.#record(key), key);
    if (record === undefined) return this.renew(origin);
    return this.#remember({ key, folder: this.#folders.parts, record });
  }

  /** The engine that a component was installed with last; undefined when there is none. */
  async newestEngine(): Promise<EngineParts | undefined> {
    const folder = this.#folders.parts;
    const isShared = (name: string) => partKind(name) === 'glue' || partKind(name) === 'module';
    const newestFirst = await listEntries(folder, isShared).catch(() => []);
    const newest = newestFirst.find(({ name }) => partKind(name) === 'glue');
    const glue = newest && hashInName(newest.name);
    if (newest === undefined || glue === undefined) return undefined;
    // Installing writes the parts of an engine at one time, or touches those that are there.
    const modules = newestFirst
      .filter(({ name, ageMs }) => partKind(name) === 'module' && ageMs - newest.ageMs < togetherMs)
      .flatMap(({ name }) => hashInName(name) ?? []);
    return { folder, glue, modules: modules.slice(0, maxEngineModules) };
  }

  /** Compiles what components of an engine have in common; undefined when a file is missing or damaged. */
  compileEngine(parts: EngineParts): Promise<Glue | undefined> {
    return this.#engines.compileEngine(parts);
  }

  /**
   * Finds another form in place of one that was found damaged, or makes it; once for all who ask at the same time.
   * Another process may have written one, and removed what it replaced.
   */
  renew(origin: ComponentOrigin): Promise<StoredForm> {
    const { key } = origin;
    const making = this.#making.get(key) ?? this.#renew(origin).finally(() => this.#making.delete(key));
    this.#making.set(key, making);
    return making;
  }

  async #renew(origin: ComponentOrigin): Promise<StoredForm> {
    const { key } = origin;
    const known = this.#known.get(key);
    const record = known && (await readRecord(this.#record(key), key));
    if (known === undefined || record === undefined || isDeepStrictEqual(record, known.record))
      return this.#make(origin);
    return this.#remember({ ...known, record });
  }

  /**
   * Keeps what calls of a component begin with, so that nobody has to find it out again; its snapshots are of that
   * from then on. Whatever does not fit the component, or is known already, is left out.
   */
  async keepStart(key: Sha256, start: PackedStart): Promise<void> {
    const form = this.#known.get(key);
    if (form?.record.start !== 'unknown' || form.record.reuse !== 'reset') return;
    const record = await startedRecord(form.record, start);
    if (record === undefined) return;
    if (start !== 'delivered') {
      for (const { compressed } of start.snapshots) {
        await this.#keepPart(snapshotFile(sha256Of(compressed)), compressed);
      }
    }
    await putFile(this.#folders.records, recordName(key), Buffer.from(recordText(key, record)));
    this.#remember({ ...form, record });
    await this.#sweep(() => false, filesOf(form.record));
  }

  /** Forgets a component's form, and the parts that no other form has. */
  async remove(key: Sha256): Promise<void> {
    this.#known.delete(key);
    await this.#sweep((listed) => listed === key);
  }

  async #make({ key, read, source }: ComponentOrigin): Promise<StoredForm> {
    const record = await this.#write(key, await transpileComponent(await read(), source));
    return this.#remember({ key, folder: this.#folders.parts, record });
  }

  /** Reading a record for every call would cost more than many a call. */
  #remember(form: StoredForm): StoredForm {
    if (this.#known.size >= maxKnown) this.#known.clear();
    this.#known.set(form.key, form);
    return form;
  }

  #record(key: Sha256): string {
    return join(this.#folders.records, recordName(key));
  }

  /** The parts first: a record never names what was not there. What a sweep removes in between is made anew later. */
  async #write(key: Sha256, { glue, modules, reuse }: TranspiledComponent): Promise<FormRecord> {
    const parts = new Map<string, Uint8Array>();
    const record: FormRecord = {
      glue: sha256Of(glue),
      reuse,
      start: 'unknown',
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
    for (const [name, bytes] of parts) await this.#keepPart(name, bytes);
    await putFile(this.#folders.records, recordName(key), Buffer.from(recordText(key, record)));
    await this.#sweep((_key, newer) => newer >= this.#keep);
    return record;
  }

  /** Writes a part, or takes over the one that is there: it is as new then, and no sweep takes it for ownerless. */
  async #keepPart(name: string, bytes: Uint8Array): Promise<void> {
    const folder = this.#folders.parts;
    const isThere = (await readVerified(folder, name)) !== undefined;
    const now = new Date();
    const isTaken =
      isThere &&
      (await utimes(join(folder, name), now, now).then(
        () => true,
        () => false,
      ));
    if (!isTaken) await putFile(folder, name, bytes);
  }

  /**
   * Removes forms with the parts that only they had, and what was left lying: parts that no form has, halves of files.
   * @param isUnwanted gets the key of a form and how many are newer
   * @param replaced parts that a form had so far
   */
  async #sweep(
    isUnwanted: (key: Sha256, newer: number) => boolean,
    replaced: readonly string[] = [],
  ): Promise<void> {
    const unwanted: StoreEntry[] = [];
    const [kept, dropped] = [new Set<string>(), new Set(replaced)];
    const listed = await listEntries(this.#folders.records);
    const records = listed.flatMap((entry) => {
      const key = keyOfRecord(entry.name);
      return key === undefined ? [] : [{ entry, key }];
    });
    for (const [newer, { entry, key }] of records.entries()) {
      const isOut = isUnwanted(key, newer);
      if (isOut) unwanted.push(entry);
      const record = await readRecord(entry.path, key);
      for (const name of record === undefined ? [] : filesOf(record)) (isOut ? dropped : kept).add(name);
    }
    const parts = await listEntries(this.#folders.parts);
    unwanted.push(
      ...parts.filter((entry) => !kept.has(entry.name) && (dropped.has(entry.name) || isOwnerless(entry))),
      ...[...parts, ...listed].filter(isAbandoned),
    );
    for (const { path } of unwanted) await rm(path, { recursive: true, force: true });
  }
}

/** A record with what the component's calls begin with; undefined where that does not fit it. */
async function startedRecord(record: FormRecord, start: PackedStart): Promise<FormRecord | undefined> {
  if (start === 'delivered') return { ...record, start };
  const modules: ModuleRecord[] = [];
  for (const module of record.modules) {
    const packed = start.snapshots.find((snapshot) => snapshot.module === module.name);
    if (module.memory === undefined) modules.push(module);
    else if (packed === undefined || !(await isUsable(packed, module.memory))) return undefined;
    else {
      const { compressed, size } = packed;
      modules.push({ ...module, snapshot: { sha256: sha256Of(compressed), size } });
    }
  }
  return { ...record, modules, start: recordedStart(start) };
}
