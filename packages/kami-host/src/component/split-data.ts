import type { DataRun } from '../model/snapshot.ts';
import { BinaryReader, readSections, type Section } from './binary-reader.ts';
import { sectionId } from './metering/module-shape.ts';

/** A core module without its data. */
export interface SplitModule {
  /** What tools of one engine have in common: the module without data and without custom sections. */
  readonly engine: Uint8Array;
  /** What the data segments write into a fresh memory, in order. */
  readonly data: readonly DataRun[];
}

const pageBytes = 65_536;
const activeSegment = 0;
const i32Const = 0x41;
const end = 0x0b;

/**
 * Takes the data out of a core module whose data is written into its memory as it is instantiated, and nothing
 * else: the host can then write it, and tools that were built with one engine have equal modules. Undefined where that
 * can't be told from the segments, or would change what instantiating does. Whether the code
 * names its segments (`memory.init`, `data.drop`) is for the engine's compilation to tell, which then fails.
 * @param initialPages of the memory
 * @throws MalformedBinary
 */
export function splitData(bytes: Uint8Array, initialPages: number): SplitModule | undefined {
  const sections = readSections(bytes);
  const section = sections.find(({ id }) => id === sectionId.data);
  const data = section === undefined ? [] : readActiveData(bytes, section, initialPages * pageBytes);
  if (data === undefined) return undefined;
  const dropped: ReadonlySet<number> = new Set([sectionId.data, sectionId.dataCount, sectionId.custom]);
  const kept = sections.filter(({ id }) => !dropped.has(id));
  const parts = kept.map(({ header, end: to }) => bytes.subarray(header, to));
  return { engine: Buffer.concat([bytes.subarray(0, 8), ...parts]), data };
}

/** The segments, if all are active, at a constant offset, and within the memory: others may trap, or wait. */
function readActiveData(
  bytes: Uint8Array,
  section: Section,
  memoryBytes: number,
): readonly DataRun[] | undefined {
  const reader = new BinaryReader(bytes, section.start, section.end);
  const runs: DataRun[] = [];
  for (let left = reader.u32(); left > 0; left--) {
    if (reader.u32() !== activeSegment || reader.byte() !== i32Const) return undefined;
    const offset = readI32(reader) >>> 0;
    if (reader.byte() !== end) return undefined;
    const content = reader.take(reader.u32());
    if (offset + content.length > memoryBytes) return undefined;
    runs.push({ offset, bytes: content });
  }
  return reader.done ? runs : undefined;
}

/** Signed LEB128 of at most 32 bits. */
function readI32(reader: BinaryReader): number {
  let result = 0;
  let shift = 0;
  for (;;) {
    const byte = reader.byte();
    result |= (byte & 0x7f) << shift;
    shift += 7;
    if (byte < 0x80) return shift < 32 && (byte & 0x40) !== 0 ? result | (-1 << shift) : result;
    if (shift >= 35) return 0;
  }
}
