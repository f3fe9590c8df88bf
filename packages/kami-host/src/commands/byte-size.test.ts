import { expect, it } from 'vitest';
import { byteSize } from './byte-size.ts';

it.each([
  [0, '0 B'],
  [1, '1 B'],
  [1_023, '1023 B'],
  [1_024, '1.0 kB'],
  [1_638_400, '1.6 MB'],
  [102_348, '99.9 kB'],
  [102_349, '100 kB'],
  [1_048_063, '1023 kB'],
  [1_048_064, '1.0 MB'],
  [3 * 1024 ** 3, '3.0 GB'],
  [5_000 * 1024 ** 4, '5000 TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(byteSize(bytes)).toBe(text);
});
