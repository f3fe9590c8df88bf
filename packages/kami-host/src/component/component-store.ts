import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CompiledComponent } from '../model/compiled-component.ts';
import { isSha256, type Sha256 } from '../model/ids.ts';
import {
  compileForm,
  type FormRecord,
  glueFile,
  isIntact,
  readForm,
  recordFile,
  type StoredForm,
  sha256Of,
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
export const formVersion = 'jco-transpile-0.15.0-6';
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
  readonly #making = new Map<Sha256, Promise<StoredForm>>();

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
      const form = attempt === 0 ? await this.prepare(origin) : await this.renew(origin);
      const compiled = await compileForm(form);
      if (compiled !== undefined) return compiled;
    }
    throw new Error(`the form of ${origin.key} was damaged each time it was written`);
  }

  /**
   * Finds a component's form, or makes it. Its files are not verified yet: `compileForm` does that.
   * @throws KamiError as `transpileComponent`, or what `origin.read` throws
   */
  async prepare(origin: ComponentOrigin): Promise<StoredForm> {
    return (await readForm(origin.key, this.#folder(origin.key))) ?? (await this.renew(origin));
  }

  /** Makes a component's form anew, in place of one that was found damaged; once for all who ask at the same time. */
  renew(origin: ComponentOrigin): Promise<StoredForm> {
    const { key } = origin;
    const making = this.#making.get(key) ?? this.#make(origin).finally(() => this.#making.delete(key));
    this.#making.set(key, making);
    return making;
  }

  async #make({ key, read, source }: ComponentOrigin): Promise<StoredForm> {
    const record = await this.#write(key, await transpileComponent(await read(), source));
    return { key, folder: this.#folder(key), record };
  }

  /** Forgets a component's form. */
  async remove(key: Sha256): Promise<void> {
    await rm(this.#folder(key), { recursive: true, force: true });
  }

  #folder(key: Sha256): string {
    return join(this.#directory, key);
  }

  async #write(key: Sha256, { glue, modules }: TranspiledComponent): Promise<FormRecord> {
    const staging = join(this.#directory, `.staging-${process.pid}-${randomUUID()}`);
    await mkdir(staging, { recursive: true, mode: 0o700 });
    const record: FormRecord = {
      glue: sha256Of(glue),
      modules: modules.map(({ name, bytes, memory }) => ({ name, sha256: sha256Of(bytes), memory })),
    };
    await Promise.all([
      writeFile(join(staging, recordFile), JSON.stringify(record)),
      writeFile(join(staging, glueFile), glue),
      ...modules.map(({ name, bytes }) => writeFile(join(staging, name), bytes)),
    ]);
    await this.#replace(staging, key);
    await this.#prune();
    // What another process put there may be of other bytes: the form as it lies there is what counts.
    return (await readForm(key, this.#folder(key)))?.record ?? record;
  }

  /**
   * A folder can't be renamed onto a full one. What another process has put there in the meantime stays if it is
   * whole, since that process may be reading it; what is damaged is moved away first.
   */
  async #replace(staging: string, key: Sha256): Promise<void> {
    const target = this.#folder(key);
    const old = `${staging}-old`;
    const isTaken = await rename(staging, target).then(() => false, takenOrThrow);
    if (isTaken && !(await isIntact(await readForm(key, target)))) {
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
