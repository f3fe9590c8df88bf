import { expect, it } from 'vitest';
import { boundLifting, UnknownGlue } from './lift-budget.ts';

/** A function as jco writes it: takes a list of (text, bytes) out of memory. */
const glue = `
export function lift(memory0, base2, len2) {
  const TEXT_DECODER_UTF8 = new TextDecoder();
  const dataView = (memory) => new DataView(memory.buffer);
    var result2 = [];
    for (let i = 0; i < len2; i++) {
      const base = base2 + i * 16;
      var ptr0 = dataView(memory0).getUint32(base + 0, true);
      var len0 = dataView(memory0).getUint32(base + 4, true);
      var result0 = TEXT_DECODER_UTF8.decode(new Uint8Array(memory0.buffer, ptr0, len0));
      var ptr1 = dataView(memory0).getUint32(base + 8, true);
      var len1 = dataView(memory0).getUint32(base + 12, true);
      var result1 = new Uint8Array(memory0.buffer.slice(ptr1, ptr1 + len1 * 1));
      result2.push([result0, result1]);
    }
    return result2;
}`;

type Lift = (memory: { buffer: ArrayBuffer }, base: number, length: number) => [string, Uint8Array][];
const load = async (text: string): Promise<Lift> =>
  ((await import(`data:text/javascript,${encodeURIComponent(text)}`)) as { lift: Lift }).lift;

/** `count` items that are all the same `textLength` and `bytesLength` bytes. */
function aliased(count: number, textLength: number, bytesLength: number) {
  const memory = { buffer: new ArrayBuffer(65_536 + count * 16) };
  const view = new DataView(memory.buffer);
  for (let item = 0; item < count; item += 1) {
    const base = 65_536 + item * 16;
    view.setUint32(base + 4, textLength, true);
    view.setUint32(base + 12, bytesLength, true);
  }
  return [memory, 65_536, count] as const;
}

it('lifts what is within the budget as before', async () => {
  const [before, after] = [await load(glue), await load(boundLifting(glue))];
  const list = aliased(100, 7, 9);
  expect(after(...list)).toEqual(before(...list));
});

it.each([
  ['bytes', [1_000, 0, 60_000]],
  ['text', [1_000, 60_000, 0]],
  ['items', [600_000, 0, 0]],
] satisfies [string, [number, number, number]][])('stops a list that multiplies %s', async (_what, shape) => {
  const list = aliased(...shape);
  const before = (await load(glue))(...list);
  expect(before).toHaveLength(shape[0]);
  const after = await load(boundLifting(glue));
  expect(() => after(...list)).toThrow(expect.objectContaining({ name: 'LiftBudgetError' }));
});

it.each([
  ['a copy that it does not know', glue.replace('len1 * 1', 'size1')],
  ['a text that it does not know', glue.replace(', ptr0, len0', ', at(0), len0')],
  [
    'a list in a list',
    glue.replace('      result2.push', '      for (let i = 0; i < len9; i++) {\n      }\n      result2.push'),
  ],
  ['a list that never ends', glue.replace('    }\n    return', '    return')],
])('refuses glue with %s', (_what, text) => {
  expect(() => boundLifting(text)).toThrow(UnknownGlue);
});
