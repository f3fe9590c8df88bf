import { expect, it } from 'vitest';
import { diffLines } from './line-diff.ts';

const marks = { same: ' ', removed: '-', added: '+' } as const;
const diff = (before: string, after: string) =>
  diffLines(before, after).map(({ kind, text }) => marks[kind] + text);

it('shows what differs, and two lines around it', () => {
  expect(diff('a\nb\nc\nd\ne\nf\n', 'a\nb\nc\nx\ny\ne\nf\n')).toEqual([
    ' b',
    ' c',
    '-d',
    '+x',
    '+y',
    ' e',
    ' f',
  ]);
  expect(diff('', 'a\n')).toEqual(['+a']);
  expect(diff('a\r\nb\r\n', 'a\r\n')).toEqual([' a', '-b']);
  expect(diff('a\na\n', 'a\na\na\n')).toEqual([' a', ' a', '+a']);
  expect(diff('a', 'a')).toEqual([]);
});
