import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type MemoryShape, type Reuse, reuses } from '../model/compiled-component.ts';
import { isSha256, type Sha256 } from '../model/ids.ts';
import { isJsonObject } from '../model/json.ts';
import { isStartRecord, type StartRecord } from './packed-start.ts';

/** A component's runnable form on disk, as any process that may read the folder can use it. */
export interface StoredForm {
  readonly key: Sha256;
  /** Absolute path of the folder with the files of all forms, each named after its content. */
  readonly folder: string;
  readonly record: FormRecord;
}

/** What a form is made of, by content: nothing is run that does not fit its hash, and equal parts are one file. */
export interface FormRecord {
  readonly glue: Sha256;
  readonly modules: readonly ModuleRecord[];
  readonly reuse: Reuse;
  /** What its calls begin with, if that is not what it was delivered as: then its snapshots are of that. */
  readonly start: StartRecord;
}

export interface ModuleRecord {
  /** What the glue calls it. */
  readonly name: string;
  /** The module, without its data where that is a snapshot. */
  readonly engine: Sha256;
  readonly memory: MemoryShape | undefined;
  /** What its memory begins with, compressed; undefined where the module writes it itself. */
  readonly snapshot: SnapshotRecord | undefined;
}

export interface SnapshotRecord {
  readonly sha256: Sha256;
  /** Expanded, bytes. */
  readonly size: number;
}

/** Names that the glue gives to modules. */
export const moduleName = /^[\w.-]+\.wasm$/;
/** All memory that a component may have at all, and the table of runs in front. */
const maxSnapshotBytes = 1024 * 1024 * 1024;

export const glueFile = (sha256: Sha256) => `${sha256}.js`;
export const engineFile = (sha256: Sha256) => `${sha256}.wasm`;
export const snapshotFile = (sha256: Sha256) => `${sha256}.snapshot`;

/** What a file of a store is, by its name; undefined for what is none of them. */
export function partKind(name: string): 'glue' | 'module' | 'snapshot' | undefined {
  if (name.endsWith('.js')) return 'glue';
  if (name.endsWith('.wasm')) return 'module';
  return name.endsWith('.snapshot') ? 'snapshot' : undefined;
}

/** The hash of what a file of a store holds, by its name. */
export function hashInName(name: string): Sha256 | undefined {
  const hash = name.slice(0, name.indexOf('.'));
  return isSha256(hash) ? hash : undefined;
}

/** Names of all files of a form. */
export function filesOf({ glue, modules }: FormRecord): readonly string[] {
  return [
    glueFile(glue),
    ...modules.map(({ engine }) => engineFile(engine)),
    ...modules.flatMap(({ snapshot }) => (snapshot === undefined ? [] : [snapshotFile(snapshot.sha256)])),
  ];
}

/** A record as it lies on disk: a hash of it and of the component it is for, and on the next line itself. */
export function recordText(key: Sha256, record: FormRecord): string {
  const text = JSON.stringify(record);
  return `${recordHash(key, text)}\n${text}`;
}

/** Reads the record of a component; undefined when there is none, or none that is what was written for it. */
export async function readRecord(path: string, key: Sha256): Promise<FormRecord | undefined> {
  const [hash, text] = (await readFile(path, 'utf8').catch(undefinedIfUnusable))?.split('\n', 2) ?? [];
  return text !== undefined && recordHash(key, text) === hash ? parseRecord(text) : undefined;
}

/** A record says which code runs under a tool's grants: one that belongs to another component is as good as damaged. */
function recordHash(key: Sha256, text: string): Sha256 {
  return sha256Of(Buffer.from(`${key}\n${text}`));
}

/** A file that is named after its content; undefined when it is gone or damaged. */
export async function readVerified(folder: string, name: string): Promise<Buffer<ArrayBuffer> | undefined> {
  const bytes = await readFile(join(folder, name)).catch(undefinedIfUnusable);
  return bytes !== undefined && name.startsWith(`${sha256Of(bytes)}.`) ? bytes : undefined;
}

export function sha256Of(bytes: Uint8Array): Sha256 {
  return createHash('sha256').update(bytes).digest('hex') as Sha256;
}

/** Gone, no file at all, or on a bad place of the disk: all that helps is to write it anew. */
const unusable: readonly (string | undefined)[] = ['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'EIO'];

function undefinedIfUnusable(error: NodeJS.ErrnoException): undefined {
  if (!unusable.includes(error.code)) throw error;
}

function parseRecord(text: string): FormRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value) || !isHash(value.glue) || !Array.isArray(value.modules)) return undefined;
  if (!reuses.some((reuse) => reuse === value.reuse) || !isStartRecord(value.start)) return undefined;
  const modules: readonly unknown[] = value.modules;
  return modules.every(isModuleRecord) ? (value as unknown as FormRecord) : undefined;
}

function isModuleRecord(value: unknown): boolean {
  return (
    isJsonObject(value) &&
    typeof value.name === 'string' &&
    moduleName.test(value.name) &&
    isHash(value.engine) &&
    (value.snapshot === undefined || isSnapshotRecord(value.snapshot))
  );
}

function isSnapshotRecord(value: unknown): boolean {
  return (
    isJsonObject(value) &&
    isHash(value.sha256) &&
    typeof value.size === 'number' &&
    value.size >= 0 &&
    value.size <= maxSnapshotBytes
  );
}

function isHash(value: unknown): boolean {
  return typeof value === 'string' && isSha256(value);
}
