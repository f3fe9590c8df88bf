import { describe, expect, it } from 'vitest';
import { canonicalHost, matchesHost, originOf, parseHostPattern } from './host-match.ts';
import { hostPattern } from './host-pattern.ts';

function matches(pattern: string, url: string): boolean {
  const parsed = parseHostPattern(pattern);
  const { protocol, host, port, hostname } = new URL(url);
  const scheme = protocol === 'http:' ? 'http' : 'https';
  const name = canonicalHost(hostname);
  if (parsed === undefined || name === undefined) throw new Error(`${pattern} or ${host} is none`);
  return matchesHost(parsed, {
    scheme,
    host: name,
    port: port === '' ? (scheme === 'http' ? 80 : 443) : Number(port),
  });
}

describe('a pattern', () => {
  it.each([
    ['example.com', 'https://example.com'],
    ['EXAMPLE.com', 'https://Example.COM.'],
    ['example.com:8443', 'https://example.com:8443'],
    ['http://example.com', 'http://example.com'],
    ['http://example.com:8080', 'http://example.com:8080'],
    ['*.example.com', 'https://a.b.example.com'],
    ['*', 'https://example.com'],
    ['*:8443', 'https://example.com:8443'],
    ['localhost:3000', 'http://localhost:3000'],
    ['localhost:3000', 'https://localhost:3000'],
    ['api.localhost', 'http://api.localhost'],
    ['127.0.0.1:3000', 'http://127.1:3000'],
    ['127.0.0.1:3000', 'http://[::ffff:127.0.0.1]:3000'],
    ['[::1]:3000', 'http://[0:0:0:0:0:0:0:1]:3000'],
    ['[::ffff:10.0.0.1]', 'https://10.0.0.1'],
    ['xn--mnchen-3ya.de', 'https://münchen.de'],
  ])('%s allows %s', (pattern, url) => expect(matches(pattern, url)).toBe(true));

  it.each([
    ['example.com', 'http://example.com'],
    ['example.com', 'https://example.com:8443'],
    ['example.com:80', 'http://example.com'],
    ['https://localhost', 'http://localhost'],
    ['http://example.com', 'https://example.com'],
    ['10.0.0.1', 'http://10.0.0.1'],
    ['example.com', 'https://www.example.com'],
    ['*.example.com', 'https://example.com'],
    ['*.example.com', 'https://badexample.com'],
    ['*.example.com', 'http://a.example.com'],
    ['*', 'http://example.com'],
    ['*', 'http://localhost'],
    ['*.localhost', 'http://a.localhost'],
    ['*', 'https://example.com:8443'],
    ['localhost', 'http://localhost:3000'],
  ])('%s does not allow %s', (pattern, url) => expect(matches(pattern, url)).toBe(false));

  it('that the manifest accepts can be matched, and no other', () => {
    const pieces = [
      'a',
      'B',
      '.',
      '..',
      '*',
      '*.',
      ':',
      '1',
      '80',
      '@',
      '/',
      '%41',
      '[',
      '::1',
      ']',
      '-',
      'http://',
      'tcp://',
    ];
    const random = () => pieces[Math.floor(Math.random() * pieces.length)] ?? '';
    for (let n = 0; n < 5_000; n++) {
      const text = Array.from({ length: 1 + Math.floor(Math.random() * 6) }, random).join('');
      expect(parseHostPattern(text) !== undefined, text).toBe(hostPattern(text).ok);
    }
  });

  it('allows what has exactly its own name, whatever is put around it', () => {
    const around = ['', 'a', 'a.', '.', '-', 'x.y.', '@', '%', '/', '\0', ':', '*'];
    const pattern = parseHostPattern('granted.example');
    if (pattern === undefined) throw new Error('no pattern');
    for (const before of around) {
      for (const after of around) {
        const host = canonicalHost(`${before}granted.example${after}`);
        const allowed = host !== undefined && matchesHost(pattern, { scheme: 'https', host, port: 443 });
        expect(allowed, `${before}|${after}`).toBe(before === '' && (after === '' || after === '.'));
      }
    }
  });
});

describe('raw TCP', () => {
  const target = { scheme: 'tcp', host: 'localhost', port: 443 } as const;
  const named = (text: string) => {
    const pattern = parseHostPattern(text);
    if (pattern === undefined) throw new Error(`${text} is no pattern`);
    return pattern;
  };

  it('is open to the one host and port of its own pattern', () => {
    const pattern = named('tcp://localhost:443');
    expect(matchesHost(pattern, target)).toBe(true);
    expect(matchesHost(pattern, { ...target, port: 444 })).toBe(false);
    expect(matchesHost(pattern, { ...target, host: '127.0.0.1' })).toBe(false);
  });

  it.each(['localhost:443', 'localhost', 'https://localhost', 'http://localhost:443', '*', '*:443'])(
    'is not opened by %s',
    (text) => expect(matchesHost(named(text), target)).toBe(false),
  );

  it('opens nothing of the web', () => {
    const pattern = named('tcp://localhost:443');
    for (const scheme of ['http', 'https'] as const)
      expect(matchesHost(pattern, { ...target, scheme })).toBe(false);
  });

  it('has an origin with its port', () => {
    expect(originOf(target)).toBe('tcp://localhost:443');
    expect(originOf({ scheme: 'tcp', host: '::1', port: 80 })).toBe('tcp://[::1]:80');
  });
});

describe('canonicalHost', () => {
  it.each([
    ['Example.COM.', 'example.com'],
    ['%65xample.com', 'example.com'],
    ['2130706433', '127.0.0.1'],
    ['0x7f.1', '127.0.0.1'],
    ['0177.0.0.1', '127.0.0.1'],
    ['[::FFFF:7f00:1]', '127.0.0.1'],
    ['[2001:DB8:0::1]', '2001:db8::1'],
    ['bücher.de', 'xn--bcher-kva.de'],
  ])('of %s is %s', (text, host) => expect(canonicalHost(text)).toBe(host));

  it.each([
    '',
    '.',
    'a..b',
    'a b',
    'a@b',
    'a/b',
    'a:80',
    'a?b',
    'a#b',
    'a\\b',
    '[::1',
    '[fe80::1%25e]',
    '256.1.1.1',
  ])('of %j is none', (text) => expect(canonicalHost(text)).toBeUndefined());

  it('does not change what it gave', () => {
    for (let n = 0; n < 2_000; n++) {
      const text = Array.from({ length: 6 }, () =>
        String.fromCodePoint(32 + Math.floor(Math.random() * 400)),
      ).join('');
      const host = canonicalHost(text);
      if (host !== undefined && !host.includes(':')) expect(canonicalHost(host), text).toBe(host);
    }
  });
});

it('an origin names the port where it is not the usual one', () => {
  expect(originOf({ scheme: 'https', host: 'a.b', port: 443 })).toBe('https://a.b');
  expect(originOf({ scheme: 'http', host: '::1', port: 443 })).toBe('http://[::1]:443');
});
