import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { matchesTemplate } from './uri-template.ts';

it.each([
  ['notes://{title}', 'notes://a', true],
  ['notes://{title}', 'notes://a%20b', true],
  ['notes://{title}', 'notes://', false],
  ['notes://{title}', 'notes://a/b', false],
  ['notes://{title}', 'notes://a?b', false],
  ['notes://{title}', 'other://a', false],
  ['x://of/{id}/data', 'x://of/1/data', true],
  ['x://of/{id}/data', 'x://of//data', false],
  ['x://of/{id}/data', 'x://of/1/data/more', false],
  ['x://{a}-{b}', 'x://1-2', true],
  ['x://{a}-{b}', 'x://1-', false],
  ['x://{a}/{b}', 'x://1/2', true],
  ['x://a.b/{c}', 'x://aXb/1', false],
  ['x://fixed', 'x://fixed', true],
  ['x://fixed', 'x://fixed2', false],
])('%s and %s: %s', (template, uri, matches) => {
  expect(matchesTemplate(template, uri)).toBe(matches);
});

it('takes what was made from a template', () => {
  const part = fc.stringMatching(/^[a-z]{1,5}$/);
  const value = fc.stringMatching(/^[A-Z0-9%]{1,8}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(part, value), { minLength: 1, maxLength: 5 }), part, (pairs, last) => {
      const template = `x://${pairs.map(([fixed], index) => `${fixed}/{v${index}}/`).join('')}${last}`;
      const uri = `x://${pairs.map(([fixed, filled]) => `${fixed}/${filled}/`).join('')}${last}`;
      expect(matchesTemplate(template, uri)).toBe(true);
      expect(matchesTemplate(template, `${uri}/`)).toBe(false);
    }),
  );
});
