/** Bytes at a place of a linear memory. */
export interface DataRun {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Zeros between two runs that are cheaper to copy than a run of its own is to begin. */
const maxGapBytes = 512;
const blockBytes = 512;
const zeros = Buffer.alloc(blockBytes);
const headBytes = 4;
const entryBytes = 8;

/**
 * The initial content of a memory in one piece: count, then offset and length of each run (32-bit little-endian), then
 * their bytes. Runs come in ascending order and do not overlap.
 */
export function packSnapshot(data: readonly DataRun[], memoryBytes: number): Uint8Array {
  const memory = new Uint8Array(memoryBytes);
  for (const { offset, bytes } of data) memory.set(bytes, offset);
  const runs = joinRuns(data);
  const total = runs.reduce((sum, { length }) => sum + length, 0);
  const packed = new Uint8Array(headBytes + runs.length * entryBytes + total);
  const view = new DataView(packed.buffer);
  view.setUint32(0, runs.length, true);
  let at = headBytes + runs.length * entryBytes;
  for (const [index, { offset, length }] of runs.entries()) {
    view.setUint32(headBytes + index * entryBytes, offset, true);
    view.setUint32(headBytes + index * entryBytes + 4, length, true);
    packed.set(memory.subarray(offset, offset + length), at);
    at += length;
  }
  return packed;
}

/** The content of a memory in the same form; blocks of zeros are left out. */
export function packMemory(memory: Uint8Array): Uint8Array {
  const bytes = Buffer.from(memory.buffer, memory.byteOffset, memory.byteLength);
  const blocks: DataRun[] = [];
  for (let offset = 0; offset < bytes.length; offset += blockBytes) {
    const block = bytes.subarray(offset, offset + blockBytes);
    if (zeros.compare(block, 0, block.length, 0, block.length) !== 0) blocks.push({ offset, bytes: block });
  }
  return packSnapshot(blocks, memory.length);
}

/** Whether each run of a snapshot is within a memory of this size. Throws RangeError when it is cut off. */
export function fitsMemory(packed: Uint8Array, memoryBytes: number): boolean {
  for (const { offset, bytes } of runsOf(packed)) if (offset + bytes.length > memoryBytes) return false;
  return true;
}

/** Extents of the runs, those that overlap or nearly touch made one. */
function joinRuns(data: readonly DataRun[]): readonly { readonly offset: number; readonly length: number }[] {
  const joined: { offset: number; length: number }[] = [];
  for (const { offset, bytes } of data.toSorted((a, b) => a.offset - b.offset)) {
    const last = joined.at(-1);
    const end = offset + bytes.length;
    if (last !== undefined && offset <= last.offset + last.length + maxGapBytes) {
      last.length = Math.max(last.length, end - last.offset);
    } else if (bytes.length > 0) joined.push({ offset, length: bytes.length });
  }
  return joined;
}

/** Writes a snapshot into a memory that is all zeros. Throws RangeError when it does not fit. */
export function applySnapshot(packed: Uint8Array, memory: Uint8Array): void {
  for (const { offset, bytes } of runsOf(packed)) memory.set(bytes, offset);
}

function* runsOf(packed: Uint8Array): Generator<DataRun> {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const count = view.getUint32(0, true);
  let at = headBytes + count * entryBytes;
  for (let index = 0; index < count; index++) {
    const offset = view.getUint32(headBytes + index * entryBytes, true);
    const length = view.getUint32(headBytes + index * entryBytes + 4, true);
    yield { offset, bytes: packed.subarray(at, at + length) };
    at += length;
  }
}
