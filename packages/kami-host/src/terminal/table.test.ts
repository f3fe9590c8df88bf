import { expect, test } from 'vitest';
import { hasColor } from './style.ts';
import { table } from './table.ts';
import { textWidth, truncateText } from './text-width.ts';

const rows = [
  ['ID', 'VERSION', 'DESCRIPTION'],
  ['com.example.echo', '1.0.0', 'Says what it was told, again and again'],
  ['dev.kami.日本', '0.12.0-rc.1', ''],
];

test('aligns columns and ends no line with spaces', () => {
  expect(table(rows, { width: undefined })).toBe(
    [
      'ID                VERSION      DESCRIPTION',
      'com.example.echo  1.0.0        Says what it was told, again and again',
      'dev.kami.日本     0.12.0-rc.1',
      '',
    ].join('\n'),
  );
});

test('cuts the widest column to the width of the terminal', () => {
  const text = table(rows, { width: 50 });
  expect(text).toContain('com.example.echo  1.0.0        Says what it was t…\n');
  for (const line of text.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(50);
});

test('on a hopelessly narrow terminal columns keep some width', () => {
  expect(table(rows, { width: 5 }).split('\n')[1]).toBe('com.exa…  1.0.0     Says wh…');
});

test('a cell can not leave its line', () => {
  expect(table([['a\nb', 'c\u001b[2Jd\u202e']], { width: undefined })).toBe('a b  cd<U+202E>\n');
});

test('rows of different length, and none at all', () => {
  expect(table([['a'], ['b', 'c']], { width: 80 })).toBe('a\nb  c\n');
  expect(table([], { width: 80 })).toBe('');
});

test.each([
  ['abc', 3],
  ['日本', 4],
  ['é', 1],
  ['e\u0301', 1],
  ['👩‍💻', 2],
  ['❤️', 2],
  ['한글', 4],
])('%s is %i columns wide', (text, width) => {
  expect(textWidth(text)).toBe(width);
});

test('cuts between characters, never through one', () => {
  expect(truncateText('日本語', 4)).toBe('日…');
  expect(truncateText('👩‍💻👩‍💻', 3)).toBe('👩‍💻…');
  expect(truncateText('abc', 3)).toBe('abc');
  expect(truncateText('abc', 0)).toBe('');
});

test('colour needs a terminal that wants it', () => {
  expect(hasColor({ isTTY: true }, {})).toBe(true);
  expect(hasColor({ isTTY: true }, { NO_COLOR: '' })).toBe(true);
  expect(hasColor({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
  expect(hasColor({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
  expect(hasColor({ isTTY: false }, {})).toBe(false);
  expect(hasColor({}, {})).toBe(false);
});
