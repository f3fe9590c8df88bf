import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRedactor } from './redactor.ts';

const mark = '[secret]';
const wellFormed = fc.oneof(
  fc.string({ minLength: 4, maxLength: 24, unit: 'grapheme-ascii' }),
  fc.string({ minLength: 4, maxLength: 24, unit: 'binary' }),
  fc.stringMatching(/^[A-Za-z0-9_~!.-]{4,24}$/),
  fc
    .array(fc.constantFrom('\\', '"', '/', '%', '+', ' ', '$&', '.*', '|', 'ä', '\n', 'a', '41', '{2}'), {
      minLength: 4,
      maxLength: 12,
    })
    .map((parts) => parts.join('')),
);
/** Repeated: an end could otherwise begin what follows. */
const secret = wellFormed.filter((text) => text.length >= 4 && text.isWellFormed());
const around = fc.string({ unit: 'binary', maxLength: 8 }).filter((text) => text.isWellFormed());

const hex = (byte: number) => byte.toString(16).padStart(2, '0');
const everyByte = (text: string) => [...Buffer.from(text)].map((byte) => `%${hex(byte)}`).join('');

/** Encodings that work on one character after the other: the secret's own is in the text's. */
const encodings: Readonly<Record<string, (text: string) => string>> = {
  plain: (text) => text,
  json: (text) => JSON.stringify(text).slice(1, -1),
  'json in ascii': (text) =>
    JSON.stringify(text)
      .slice(1, -1)
      .replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  component: encodeURIComponent,
  'component in lower case': (text) => encodeURIComponent(text).replace(/%../g, (code) => code.toLowerCase()),
  'component, strict': (text) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (unit) => `%${hex(unit.charCodeAt(0)).toUpperCase()}`),
  form: (text) => new URLSearchParams({ '': text }).toString().slice(1),
  'every byte': everyByte,
  'every other byte': (text) =>
    [...text].map((unit, at) => (at % 2 === 0 ? everyByte(unit) : encodeURIComponent(unit))).join(''),
};

/** What is left of a text between the marks. */
const pieces = (text: string) => text.split(mark);

test.each(Object.entries(encodings))('a secret is not in the output: %s', (_name, encode) => {
  fc.assert(
    fc.property(
      fc.array(secret, { minLength: 1, maxLength: 3 }),
      around,
      around,
      (secrets, before, after) => {
        const redact = createRedactor(secrets);
        for (const one of secrets) {
          const output = redact(encode(before + one + after));
          expect(output).toContain(mark);
          for (const piece of pieces(output)) {
            for (const hidden of secrets) expect(piece.includes(encode(hidden))).toBe(false);
          }
        }
      },
    ),
  );
});

test.each(['base64', 'base64url'] as const)(
  'a secret is not in the output: %s, wherever it begins',
  (encoding) => {
    fc.assert(
      fc.property(secret, around, around, (one, before, after) => {
        const text = Buffer.from(before + one + after).toString(encoding);
        const [from, length] = [Buffer.byteLength(before), Buffer.byteLength(one)];
        // The digits that hold nothing but bits of the secret.
        const own = text.slice(Math.ceil((from * 8) / 6), Math.floor(((from + length) * 8) / 6));
        for (const piece of pieces(createRedactor([one])(text))) expect(piece.includes(own)).toBe(false);
      }),
      { numRuns: 300 },
    );
  },
);

test('any text is redacted to one without the secrets, and again to the same; without them it is left alone', () => {
  fc.assert(
    fc.property(fc.array(secret, { maxLength: 3 }), fc.string({ unit: 'binary' }), (secrets, text) => {
      const output = createRedactor(secrets)(text);
      for (const piece of pieces(output)) {
        for (const one of secrets) expect(piece.includes(one)).toBe(false);
      }
      if (output !== text) expect(output).toContain(mark);
    }),
  );
});

test('a secret may have lone surrogates, and be as long as the store takes', () => {
  expect(createRedactor(['ab\ud800cd'])('x ab\ud800cd ab%EF%BF%BDcd')).toBe(`x ${mark} ${mark}`);
  const long = 'aB-!'.repeat(16_384);
  const redact = createRedactor([long]);
  expect(redact(`x${long}y`)).toBe(`x${mark}y`);
  expect(redact(encodeURIComponent(long))).toBe(mark);
});
