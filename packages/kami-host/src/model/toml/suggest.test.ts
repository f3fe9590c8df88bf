import { expect, test } from 'vitest';
import { editDistance, nearest } from './suggest.ts';

const keys = ['id', 'name', 'version', 'max_memory_mb', 'net_allow_list'];

test.each([
  ['nmae', 'name'],
  ['verison', 'version'],
  ['maxMemoryMb', 'max_memory_mb'],
  ['max-memory-mb', 'max_memory_mb'],
  ['MAX_MEMORY', 'max_memory_mb'],
  ['net_allowlist', 'net_allow_list'],
  ['Id', 'id'],
  ['net', 'net_allow_list'],
  ['name_of_tool', 'name'],
])('%s means %s', (word, meant) => {
  expect(nearest(word, keys)).toBe(meant);
});

test('an unlike or huge word means nothing', () => {
  expect(nearest('colour', keys)).toBeUndefined();
  expect(nearest('n'.repeat(100_000), keys)).toBeUndefined();
  expect(nearest('x', [])).toBeUndefined();
});

test('counts insertions, deletions, replacements and swaps', () => {
  expect(editDistance('', 'abc')).toBe(3);
  expect(editDistance('abcd', 'acbd')).toBe(1);
  expect(editDistance('kitten', 'sitting')).toBe(3);
});
