import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { MalformedBinary } from './binary-reader.ts';

/** A tenth better would take four times as long. */
const compressionLevel = 6;

/** A snapshot as it lies on disk. */
export function compressSnapshot(packed: Uint8Array): Uint8Array {
  return deflateRawSync(packed, { level: compressionLevel });
}

/**
 * A snapshot as it was before it was compressed.
 * @param size of the snapshot, bytes: no more is unpacked than was packed
 * @throws MalformedBinary
 */
export function expandSnapshot(compressed: Uint8Array, size: number): Uint8Array {
  try {
    const packed = inflateRawSync(compressed, { maxOutputLength: size });
    if (packed.length !== size) throw new RangeError('it is too short');
    return packed;
  } catch (cause) {
    throw new MalformedBinary('a snapshot is damaged', { cause });
  }
}
