import { expect, test } from 'vitest';
import { cleanText } from './clean-text.ts';

test.each([
  ['colour', '\u001b[1;31mred\u001b[0m', 'red'],
  ['erase and move', 'a\u001b[2J\u001b[10;10Hb', 'ab'],
  ['a title', '\u001b]0;owned\u0007text', 'text'],
  ['a link', '\u001b]8;;https://evil.example\u001b\\click\u001b]8;;\u001b\\', 'click'],
  ['a device string', '\u001bP1$r0m\u001b\\x', 'x'],
  ['8-bit controls', 'a\u009b31mb\u009d0;t\u009cc', 'abc'],
  ['a reset', 'a\u001bcb', 'ab'],
  ['a title without an end', '\u001b]0;owned', '<U+001B>]0;owned'],
  ['a sequence inside a sequence', '\u001b\u001b[31m[31mx', '<U+001B>[31mx'],
  ['an escape at the end', 'x\u001b', 'x<U+001B>'],
  ['overwriting', 'good\rEVIL\u0008', 'good<U+000D>EVIL<U+0008>'],
  ['reversed order', 'a\u202egnp.exe', 'a<U+202E>gnp.exe'],
  ['hidden tags', 'hi\u{e0069}\u{e006e}', 'hi<U+E0069><U+E006E>'],
  ['a forged line', 'done\nerror: not so', 'done error: not so'],
])('neutralises %s', (_, text, clean) => {
  expect(cleanText(text)).toBe(clean);
});

test('keeps lines and tabs where lines are wanted', () => {
  expect(cleanText('a\r\n\tb\u2028c', { multiline: true })).toBe('a\n\tb<U+2028>c');
});

test('leaves ordinary text as it is', () => {
  const text = 'äöü 日本語 العربية 👩‍💻 ❤️ [31m <b> \\x1b';
  expect(cleanText(text)).toBe(text);
});

test('whatever comes in, no control character comes out', () => {
  const pieces = [
    '\u001b',
    '[',
    ']',
    '0',
    ';',
    'm',
    '\u0007',
    '\\',
    '\u009b',
    '\u009c',
    'P',
    'x',
    '\n',
    '\r',
    '\u0000',
  ];
  let state = 3;
  const below = (bound: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * bound);
  };
  for (let round = 0; round < 5_000; round += 1) {
    const text = Array.from({ length: below(20) }, () => pieces[below(pieces.length)]).join('');
    expect(cleanText(text)).not.toMatch(/\p{Cc}/u);
  }
});

test('many unfinished sequences take no more time than their length warrants', () => {
  for (const start of ['\u001b[', '\u001b]', '\u001b[1;', '\u009d', '\u001b ']) {
    expect(cleanText(start.repeat(300_000 / start.length))).not.toMatch(/\p{Cc}/u);
  }
});
