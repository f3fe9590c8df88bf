import { expect, test } from 'vitest';
import { fillCredential, secretNames } from './credential.ts';

test('the names of the secrets that a value needs, each once', () => {
  expect(secretNames(`Basic \${USER}:\${KEY} \${USER}`)).toEqual(['USER', 'KEY']);
});

test('a value is filled in when every secret is there, and is one line', () => {
  const value = `Bearer \${TOKEN}`;
  expect(fillCredential(value, new Map([['TOKEN', `$& \${TOKEN} $1`]]))).toBe(`Bearer $& \${TOKEN} $1`);
  expect(fillCredential(value, new Map())).toBeUndefined();
  for (const hostile of ['a\r\nHost: evil', 'a\nb', 'a\0b', 'ä', '']) {
    expect(fillCredential(value, new Map([['TOKEN', hostile]]))).toBeUndefined();
  }
});
