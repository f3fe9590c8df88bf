import { expect, it } from 'vitest';
import { pageCopier } from './page-copier.ts';

const shared = (pages: number) => new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
const own = (pages: number) => new WebAssembly.Memory({ initial: pages, maximum: 8 });
const bytesOf = ({ buffer }: WebAssembly.Memory) => new Uint8Array(buffer);

it('brings a memory back, and only as much of it as there is of the other', () => {
  const [from, to] = [shared(2), own(3)];
  bytesOf(from).set([1, 2, 3], 65_530);
  bytesOf(to).fill(9);
  const copy = pageCopier(from, to);
  for (let round = 0; round < 2; round += 1) {
    copy();
    expect(Buffer.compare(bytesOf(to).subarray(0, 131_072), Uint8Array.from(bytesOf(from)))).toBe(0);
    expect(bytesOf(to).subarray(131_072)).toEqual(new Uint8Array(65_536).fill(9));
    bytesOf(to).fill(7, 0, 131_072);
  }
});

it('refuses a memory that is too small', () => {
  expect(() => pageCopier(shared(2), own(1))).toThrow(RangeError);
});
