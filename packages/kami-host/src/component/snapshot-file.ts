import { promisify } from 'node:util';
import { constants, brotliCompress as withBrotli, brotliDecompress as withoutBrotli } from 'node:zlib';
import { MalformedBinary } from './binary-reader.ts';

const brotliCompress = promisify(withBrotli);
const brotliDecompress = promisify(withoutBrotli);
/** Higher ones gain a hundredth, and take twice as long each. */
const quality = 5;

/** A snapshot as it lies on disk. */
export function compressSnapshot(packed: Uint8Array): Promise<Uint8Array> {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = constants;
  return brotliCompress(packed, {
    params: { [BROTLI_PARAM_QUALITY]: quality, [BROTLI_PARAM_SIZE_HINT]: packed.length },
  });
}

/**
 * A snapshot as it was before it was compressed.
 * @param size of the snapshot, bytes: no more is unpacked than was packed
 * @throws MalformedBinary
 */
export async function expandSnapshot(compressed: Uint8Array, size: number): Promise<Uint8Array> {
  const packed = await brotliDecompress(compressed, { maxOutputLength: Math.max(1, size) }).catch(damaged);
  return packed.length === size ? packed : damaged(new RangeError('it is too short'));
}

function damaged(cause: unknown): never {
  throw new MalformedBinary('a snapshot is damaged', { cause });
}
