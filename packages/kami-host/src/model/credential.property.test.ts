import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { credentialValue, fillCredential, secretNames } from './credential.ts';

const variable = fc.constantFrom('A', 'TOKEN', '_x1');
const template = fc
  .array(
    fc.oneof(
      variable.map((text) => `\${${text}}`),
      fc.stringMatching(/^[\x20-\x7e]{0,6}$/),
      fc.constantFrom('$', '{', '}', '$&', '\r\n', '\n', '\u0085', '\u2028', `\${}`, `\${A`),
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map((parts) => parts.join(''));
const secret = fc.oneof(
  fc.stringMatching(/^[\x20-\x7e]{0,12}$/),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('a\r\nHost: evil', 'a\nb', '$&', `\${A}`, '$1', '\r', '\u0000'),
);
const secrets = fc.dictionary(variable, secret).map((entries) => new Map(Object.entries(entries)));

test('an accepted value is filled in to one printable line, or not at all', () => {
  let filledIn = 0;
  fc.assert(
    fc.property(template, secrets, (value, known) => {
      if (!credentialValue(value).ok) return;
      const filled = fillCredential(value, known);
      const needed = secretNames(value).map((name) => known.get(name));
      const isFit = needed.every((text) => text !== undefined && /^[\x20-\x7e]+$/.test(text));
      expect(filled !== undefined).toBe(isFit);
      if (filled === undefined) return;
      filledIn += 1;
      expect(filled).toMatch(/^[\x20-\x7e]+$/);
      // Put in once, as it is: neither a `$&` nor another secret's name in it means anything.
      const parts = value.split(/\$\{([^}]*)\}/).map((part, at) => (at % 2 === 0 ? part : known.get(part)));
      expect(filled).toBe(parts.join(''));
    }),
    { numRuns: 3_000 },
  );
  expect(filledIn).toBeGreaterThan(50);
});

test('whatever the template, a secret never adds a line break', () => {
  fc.assert(
    fc.property(template, secrets, (value, known) => {
      const breaks = (text: string) => text.match(/[\r\n\0]/g)?.length ?? 0;
      expect(breaks(fillCredential(value, known) ?? '')).toBeLessThanOrEqual(breaks(value));
    }),
  );
});
