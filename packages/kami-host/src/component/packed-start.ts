import {
  type GlobalValue,
  type MemoryShape,
  pageBytes,
  type Start,
  type StartState,
} from '../model/compiled-component.ts';
import { isJsonObject } from '../model/json.ts';
import { fitsMemory, packMemory } from '../model/snapshot.ts';
import { MalformedBinary } from './binary-reader.ts';
import { compressSnapshot, expandSnapshot } from './snapshot-file.ts';

/** What calls of a component begin with, for another process or the disk. */
export type PackedStart =
  | 'delivered'
  | { readonly globals: readonly GlobalValue[]; readonly snapshots: readonly PackedSnapshot[] };

export interface PackedSnapshot {
  /** The core module whose memory it is. */
  readonly module: string;
  readonly compressed: Uint8Array;
  /** Expanded, bytes. */
  readonly size: number;
}

const maxParts = 64;

/** Packs a start state; compressing takes a while, on another thread. */
export async function packStart(start: StartState | 'delivered'): Promise<PackedStart> {
  if (start === 'delivered') return start;
  const snapshots: PackedSnapshot[] = [];
  for (const [module, memory] of start.memories) {
    const packed = packMemory(new Uint8Array(memory.buffer));
    snapshots.push({ module, compressed: await compressSnapshot(packed), size: packed.length });
  }
  return { globals: start.globals, snapshots };
}

/** Reads what a process that runs guests sent as a packed start; undefined when it is not of that shape. */
export function readPackedStart(value: unknown): PackedStart | undefined {
  if (value === 'delivered') return value;
  if (!isJsonObject(value)) return undefined;
  const { globals, snapshots } = value as Readonly<Record<string, unknown>>;
  if (!Array.isArray(globals) || globals.length > 1_000 || !allAre(globals, isGlobalValue)) return undefined;
  if (!Array.isArray(snapshots) || snapshots.length > maxParts) return undefined;
  const read: PackedSnapshot[] = [];
  for (const snapshot of snapshots as readonly unknown[]) {
    if (!isJsonObject(snapshot)) return undefined;
    const { module, compressed, size } = snapshot as Readonly<Record<string, unknown>>;
    if (typeof module !== 'string' || !(compressed instanceof Uint8Array)) return undefined;
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return undefined;
    read.push({ module, compressed, size });
  }
  return { globals: globals as readonly GlobalValue[], snapshots: read };
}

/** Whether a snapshot can be expanded, and then fits the memory that it is for. */
export async function isUsable(
  { compressed, size }: PackedSnapshot,
  { initialPages }: MemoryShape,
): Promise<boolean> {
  try {
    const memoryBytes = initialPages * pageBytes;
    // A memory's worth of bytes, and the table of runs in front.
    return size <= 2 * memoryBytes && fitsMemory(await expandSnapshot(compressed, size), memoryBytes);
  } catch (error) {
    if (error instanceof MalformedBinary || error instanceof RangeError) return false;
    throw error;
  }
}

/** A start as a record has it: JSON has no i64, which are texts there. */
export type StartRecord = 'unknown' | 'delivered' | { readonly globals: readonly (number | string)[] };

export function recordedStart({ globals }: { readonly globals: readonly GlobalValue[] }): StartRecord {
  return { globals: globals.map((value) => (typeof value === 'bigint' ? String(value) : value)) };
}

export function startOf(record: StartRecord): Start {
  if (typeof record === 'string') return record;
  return { globals: record.globals.map((value) => (typeof value === 'string' ? BigInt(value) : value)) };
}

export function isStartRecord(value: unknown): value is StartRecord {
  if (value === 'unknown' || value === 'delivered') return true;
  return isJsonObject(value) && Array.isArray(value.globals) && value.globals.every(isRecordedGlobal);
}

function isRecordedGlobal(value: unknown): boolean {
  return Number.isInteger(value) || (typeof value === 'string' && /^-?\d{1,20}$/.test(value));
}

/** Also of what is not there: `every` leaves holes out. */
function allAre(items: readonly unknown[], is: (item: unknown) => boolean): boolean {
  for (const item of items) if (!is(item)) return false;
  return true;
}

function isGlobalValue(value: unknown): boolean {
  return Number.isInteger(value) || (typeof value === 'bigint' && BigInt.asIntN(64, value) === value);
}
