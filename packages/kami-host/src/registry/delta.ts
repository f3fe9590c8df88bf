import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';

/** Shorter runs of equal bytes cost more to name than they save. */
const blockBytes = 16;
const quality = 6;
/** So many places tell whether two files are alike. */
const samples = 1_024;

/** A delta that is none, or not one of this base. */
export class MalformedDelta extends Error {
  override readonly name = 'MalformedDelta';
}

/**
 * What has to be known beside `base` to make `target`, compressed: runs to copy from anywhere in the base, and what
 * lies between them. Made for files of megabytes that have most of their bytes in common, in large runs at other
 * places and in small ones at nearly the same; undefined for others.
 *
 * Format, before Brotli: length of the target and of the list of steps (32-bit little-endian), the steps, then all literal
 * bytes. A step is three LEB128 numbers: how many literals come first, how many bytes are copied then, and from
 * where: the difference to where the last copy would have gone on, as a zigzag number.
 */
export function makeDelta(base: Uint8Array, target: Uint8Array): Uint8Array | undefined {
  const places = indexBlocks(base);
  if (!isLike(base, target, places)) return undefined;
  const steps = new NumberWriter();
  const literals: Uint8Array[] = [];
  const words = wordsOf(target);
  let written = 0;
  let expected = 0;
  let at = 0;
  while (at + blockBytes <= target.length) {
    // Where the last copy would go on is where the next is found most often, after a few bytes that differ.
    const likely = expected + (at - written);
    const goesOn = startsRun(base, likely, target, at);
    const from = goesOn ? likely : places.find(words, at);
    // The index goes by a hash: what it finds may be another block, also at the likely place.
    if (!goesOn && !startsRun(base, from, target, at)) {
      at += 1;
      continue;
    }
    let [start, source] = [at, from];
    while (start > written && source > 0 && target[start - 1] === base[source - 1]) {
      start -= 1;
      source -= 1;
    }
    let end = at + blockBytes;
    for (let next = from + blockBytes; end < target.length && target[end] === base[next]; next += 1) end += 1;
    literals.push(target.subarray(written, start));
    steps.push(start - written);
    steps.push(end - start);
    steps.push(zigzag(source - (expected + (start - written))));
    expected = source + (end - start);
    written = end;
    at = end;
  }
  literals.push(target.subarray(written));
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(target.length, 0);
  head.writeUInt32LE(steps.length, 4);
  const whole = Buffer.concat([head, steps.bytes(), ...literals]);
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = constants;
  return brotliCompressSync(whole, {
    params: {
      [BROTLI_PARAM_QUALITY]: quality,
      [BROTLI_PARAM_LGWIN]: 24,
      [BROTLI_PARAM_SIZE_HINT]: whole.length,
    },
  });
}

/**
 * Makes the target of a delta from its base.
 * @param maxBytes the target may have
 * @throws MalformedDelta
 */
export function applyDelta(base: Uint8Array, delta: Uint8Array, maxBytes: number): Uint8Array {
  const whole = expand(delta, maxBytes);
  const view = wordsOf(whole);
  if (whole.length < headBytes) throw new MalformedDelta('it is too short');
  const target = new Uint8Array(bounded(view.getUint32(0, true), maxBytes));
  const stepsEnd = headBytes + bounded(view.getUint32(4, true), whole.length - headBytes);
  const steps = new NumberReader(whole.subarray(headBytes, stepsEnd));
  let literal = stepsEnd;
  let written = 0;
  let expected = 0;

  function takeLiterals(count: number): void {
    target.set(whole.subarray(literal, literal + bounded(count, whole.length - literal)), written);
    literal += count;
    written += count;
  }

  while (!steps.done) {
    const skipped = bounded(steps.next(), target.length - written);
    takeLiterals(skipped);
    const length = bounded(steps.next(), target.length - written);
    const source = expected + skipped + unzigzag(steps.next());
    if (source < 0 || source + length > base.length)
      throw new MalformedDelta('it copies from outside its base');
    target.set(base.subarray(source, source + length), written);
    written += length;
    expected = source + length;
  }
  takeLiterals(bounded(target.length - written, whole.length - literal));
  if (written !== target.length || literal !== whole.length)
    throw new MalformedDelta('its parts do not add up');
  return target;
}

const headBytes = 8;

function expand(delta: Uint8Array, maxBytes: number): Buffer {
  try {
    // Steps never take more room than what they make, but for the last of each kind.
    return brotliDecompressSync(delta, { maxOutputLength: 2 * maxBytes + headBytes });
  } catch (cause) {
    throw new MalformedDelta('it can not be expanded', { cause });
  }
}

function bounded(value: number, most: number): number {
  if (value > most) throw new MalformedDelta('it is longer than it may be');
  return value;
}

/** Whether, of places all over the target, half are somewhere in the base. */
function isLike(base: Uint8Array, target: Uint8Array, places: BlockIndex): boolean {
  const words = wordsOf(target);
  const step = Math.max(1, Math.floor(target.length / samples));
  let [seen, found] = [0, 0];
  for (let place = 0; place + 2 * blockBytes <= target.length; place += step) {
    seen += 1;
    for (let at = place; at < place + blockBytes; at += 1) {
      if (!startsRun(base, places.find(words, at), target, at)) continue;
      found += 1;
      break;
    }
  }
  return 2 * found >= seen;
}

function startsRun(base: Uint8Array, source: number, target: Uint8Array, at: number): boolean {
  if (source < 0 || source + blockBytes > base.length) return false;
  for (let index = 0; index < blockBytes; index += 1) {
    if (base[source + index] !== target[at + index]) return false;
  }
  return true;
}

interface BlockIndex {
  /** Where in the base a block may be that is like the one in these words; -1 when it is nowhere. */
  readonly find: (words: DataView, at: number) => number;
}

/** Where blocks of the base begin, by a hash of their content; of equal ones the first. */
function indexBlocks(base: Uint8Array): BlockIndex {
  const bits = Math.max(8, Math.ceil(Math.log2((2 * base.length) / blockBytes)));
  const table = new Int32Array(2 ** bits);
  const words = wordsOf(base);
  const slot = (view: DataView, at: number) => hashBlock(view, at) >>> (32 - bits);
  for (let at = base.length - (base.length % blockBytes) - blockBytes; at >= 0; at -= blockBytes) {
    table[slot(words, at)] = at + 1;
  }
  return {
    find: (view, at) => (table[slot(view, at)] ?? 0) - 1,
  };
}

function wordsOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function hashBlock(view: DataView, at: number): number {
  let hash = Math.imul(view.getInt32(at, true), 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15) ^ view.getInt32(at + 4, true), 0x85ebca77);
  hash = Math.imul(hash ^ (hash >>> 13) ^ view.getInt32(at + 8, true), 0xc2b2ae3d);
  return Math.imul(hash ^ (hash >>> 16) ^ view.getInt32(at + 12, true), 0x27d4eb2f);
}

/** Numbers of either sign as numbers from 0, small ones small. */
function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/** Numbers as unsigned LEB128. */
class NumberWriter {
  readonly #bytes: number[] = [];

  get length(): number {
    return this.#bytes.length;
  }

  push(value: number): void {
    let left = value;
    while (left >= 0x80) {
      this.#bytes.push((left % 0x80) + 0x80);
      left = Math.floor(left / 0x80);
    }
    this.#bytes.push(left);
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

class NumberReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Less than 2^35. */
  next(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 35; scale *= 0x80) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new MalformedDelta('it ends in a number');
      value += (byte % 0x80) * scale;
      if (byte < 0x80) return value;
    }
    throw new MalformedDelta('it has a number out of measure');
  }
}
