import { expect, test } from 'vitest';
import { findDeceptive, quoteText } from './text.ts';

test.each([
  ['escape', 'a\u001b[31m', 'U+001B'],
  ['right-to-left override', 'a\u202eb', 'U+202E'],
  ['isolate', '\u2066x', 'U+2066'],
  ['zero width space', 'pass\u200bword', 'U+200B'],
  ['joiner between Latin letters', 'a\u200db', 'U+200D'],
  ['byte order mark', '\ufeffa', 'U+FEFF'],
  ['soft hyphen', 'a\u00adb', 'U+00AD'],
  ['Hangul filler', 'a\u3164', 'U+3164'],
  ['tag characters', 'hi\u{e0041}', 'U+E0041'],
  ['line separator', 'a\u2028b', 'U+2028'],
  ['lone surrogate', 'a\ud800b', 'U+D800'],
  ['variation selector after a letter', 'a\ufe0f', 'U+FE0F'],
  ['C1 control', 'a\u009b', 'U+009B'],
])('finds: %s', (_, text, name) => {
  expect(findDeceptive(text)).toBe(name);
});

test.each(['Plain text: äöü, 日本語, العربية, Ελληνικά', 'Emoji: 👩‍💻 ❤️ 1️⃣ 👍🏽 🏳️‍🌈', 'می‌خواهم', 'क्‍ष'])(
  'lets %s pass',
  (text) => {
    expect(findDeceptive(text)).toBeUndefined();
  },
);

test('quotes a text of any content on one short line', () => {
  expect(quoteText('a\u001b]0;x\u0007\nb')).toBe('"a<U+001B>]0;x<U+0007><U+000A>b"');
  expect(quoteText('x'.repeat(100_000))).toBe(`"${'x'.repeat(60)}…"`);
});
