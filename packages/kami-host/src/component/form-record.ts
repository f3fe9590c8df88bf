import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CompiledComponent, MemoryShape } from '../model/compiled-component.ts';
import { isSha256, type Sha256 } from '../model/ids.ts';
import { isJsonObject } from '../model/json.ts';

/** A component's runnable form on disk, as any process that may read the folder can use it. */
export interface StoredForm {
  readonly key: Sha256;
  /** Absolute path of the folder with the files. */
  readonly folder: string;
  readonly record: FormRecord;
}

/** What a form is made of, with the hash of every file: nothing is run that does not fit it. */
export interface FormRecord {
  readonly glue: Sha256;
  readonly modules: readonly {
    readonly name: string;
    readonly sha256: Sha256;
    readonly memory: MemoryShape | undefined;
  }[];
}

export const recordFile = 'form.json';
export const glueFile = 'glue.mjs';
/** Names of module files: nothing that leads out of their folder. */
export const moduleName = /^[\w.-]+\.wasm$/;

/** Reads the record of a folder; undefined when there is none, or none that can be read. */
export async function readForm(key: Sha256, folder: string): Promise<StoredForm | undefined> {
  try {
    const record = parseRecord(await readFile(join(folder, recordFile), 'utf8'));
    return record === undefined ? undefined : { key, folder, record };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Verifies a form file by file and compiles it; undefined when a file is missing or damaged. */
export async function compileForm(form: StoredForm): Promise<CompiledComponent | undefined> {
  const contents = await readVerified(form);
  if (contents === undefined) return undefined;
  const { key, folder, record } = form;
  const modules = await Promise.all(
    record.modules.map(async ({ name, memory }, index) => ({
      name,
      memory,
      module: await WebAssembly.compile(contents[index] as Buffer<ArrayBuffer>),
    })),
  );
  return { key, glueUrl: pathToFileURL(join(folder, glueFile)).href, modules };
}

/** Whether all files of a form are there and have the bytes that its record says. */
export async function isIntact(form: StoredForm | undefined): Promise<boolean> {
  return form !== undefined && (await readVerified(form)) !== undefined;
}

/** The modules' bytes in the order of the record. */
async function readVerified({ folder, record }: StoredForm): Promise<readonly Buffer[] | undefined> {
  try {
    const [glue, ...contents] = await Promise.all([
      readFile(join(folder, glueFile)),
      ...record.modules.map(({ name }) => readFile(join(folder, name))),
    ]);
    const intact =
      sha256Of(glue) === record.glue &&
      record.modules.every(({ sha256 }, index) => sha256Of(contents[index] as Buffer) === sha256);
    return intact ? contents : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export function sha256Of(bytes: Uint8Array): Sha256 {
  return createHash('sha256').update(bytes).digest('hex') as Sha256;
}

function parseRecord(text: string): FormRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value) || !isHash(value.glue) || !Array.isArray(value.modules)) return undefined;
  const modules: readonly unknown[] = value.modules;
  return modules.every(isModuleRecord) ? (value as unknown as FormRecord) : undefined;
}

function isModuleRecord(value: unknown): boolean {
  return (
    isJsonObject(value) &&
    typeof value.name === 'string' &&
    moduleName.test(value.name) &&
    isHash(value.sha256)
  );
}

function isHash(value: unknown): boolean {
  return typeof value === 'string' && isSha256(value);
}
