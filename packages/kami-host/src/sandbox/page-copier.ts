import { pageBytes } from '../model/compiled-component.ts';

/** Makes the beginning of one memory what another is as a whole. */
export type CopyPages = () => void;

/**
 * (module
 *   (import "" "from" (memory 0 65536 shared)) (import "" "to" (memory 0))
 *   (func (export "copy") (param i32) (memory.copy 1 0 (i32.const 0) (i32.const 0) (local.get 0))))
 */
const code = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x05, 0x01, 0x60, 0x01, 0x7f, 0x00],
  ...[0x02, 0x14, 0x02],
  ...[0x00, 0x04, 0x66, 0x72, 0x6f, 0x6d, 0x02, 0x03, 0x00, 0x80, 0x80, 0x04],
  ...[0x00, 0x02, 0x74, 0x6f, 0x02, 0x00, 0x00],
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x07, 0x08, 0x01, 0x04, 0x63, 0x6f, 0x70, 0x79, 0x00, 0x00],
  ...[0x0a, 0x0e, 0x01, 0x0c, 0x00, 0x41, 0x00, 0x41, 0x00, 0x20, 0x00, 0xfc, 0x0a, 0x01, 0x00, 0x0b],
]);
const copier = new WebAssembly.Module(code);

/**
 * A way to copy a shared memory into a memory of one's own that is at least as large. JavaScript can copy too, but
 * not out of shared memory: it then takes each word by itself, which is seven times slower.
 */
export function pageCopier(from: WebAssembly.Memory, to: WebAssembly.Memory): CopyPages {
  const { copy } = new WebAssembly.Instance(copier, { '': { from, to } }).exports as {
    readonly copy: (bytes: number) => void;
  };
  const bytes = from.buffer.byteLength;
  if (bytes > to.buffer.byteLength || bytes % pageBytes !== 0) throw new RangeError('it does not fit');
  return () => copy(bytes);
}

/** A memory of the same content, to share; pages of zeros stay unwritten, and so take no room. */
export function copyMemory(memory: WebAssembly.Memory): WebAssembly.Memory {
  const from = Buffer.from(memory.buffer);
  const pages = from.length / pageBytes;
  const copy = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const to = new Uint8Array(copy.buffer);
  for (let at = 0; at < from.length; at += blockBytes) {
    if (from.compare(zeros, 0, blockBytes, at, at + blockBytes) === 0) continue;
    to.set(from.subarray(at, at + blockBytes), at);
  }
  return copy;
}

const blockBytes = 4_096;
const zeros = Buffer.alloc(blockBytes);
