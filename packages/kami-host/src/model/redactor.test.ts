import { describe, expect, it } from 'vitest';
import { createRedactor } from './redactor.ts';

const secret = 'pä$$ w/rd+"1"\n<x>';
const redact = createRedactor([secret, 'sk-1234567890']);

describe('a redactor', () => {
  it.each([
    ['as it is', secret],
    ['in JSON', JSON.stringify({ a: secret }).slice(6, -2)],
    ['percent-encoded', encodeURIComponent(secret)],
    [
      'percent-encoded in lower case',
      encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
    ],
    ['in a form', encodeURIComponent(secret).replaceAll('%20', '+')],
  ])('hides a secret %s', (_form, text) => {
    expect(redact(`before ${text} after ${text}`)).toBe('before [secret] after [secret]');
  });

  it('hides it in base64 wherever it begins, and whatever follows', () => {
    for (const before of ['', 'a', 'ab', 'abc', 'user:']) {
      for (const after of ['', 'x', 'xy', 'xyz']) {
        for (const encoding of ['base64', 'base64url'] as const) {
          const text = Buffer.from(before + secret + after).toString(encoding);
          const found = Buffer.from(redact(text).replace('[secret]', ''), encoding).toString('latin1');
          expect(redact(text)).toContain('[secret]');
          expect(found).not.toContain('w/rd');
        }
      }
    }
  });

  it('leaves everything else alone', () => {
    const text = 'sk-123456789 w/rd aGVsbG8gd29ybGQ=';
    expect(redact(text)).toBe(text);
    expect(createRedactor([])('text')).toBe('text');
    expect(createRedactor(['', 'abc'])('abc')).toBe('abc');
  });

  it('takes characters of patterns for what they are, and the longer of two secrets first', () => {
    expect(createRedactor([`.*+?^\${}()|[]\\/-`])(`x.*+?^\${}()|[]\\/-y abcd`)).toBe('x[secret]y abcd');
    expect(createRedactor(['token', 'token-long'])('token-long token')).toBe('[secret] [secret]');
  });
});
