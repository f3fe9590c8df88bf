import { describe, expect, it, test } from 'vitest';
import { formatGrantItem, formatGrantSelector, parseGrantItem, parseGrantSelector } from './grant-item.ts';

test.each([
  ['net=api.github.com', { kind: 'net', host: 'api.github.com' }],
  ['net=https://*.example.com:8443', { kind: 'net', host: 'https://*.example.com:8443' }],
  ['net=*', { kind: 'net', host: '*' }],
  ['fs=read-only', { kind: 'fs', access: 'read-only' }],
  ['fs=sandbox', { kind: 'fs', access: 'sandbox' }],
  [
    'mount=/host/path:/data:ro',
    { kind: 'mount', hostPath: '/host/path', guestPath: '/data', access: 'read-only' },
  ],
  [
    'mount=/with:colon=and space:/data/in:rw',
    { kind: 'mount', hostPath: '/with:colon=and space', guestPath: '/data/in', access: 'read-write' },
  ],
  [
    'mount=C:\\Users\\me:/data:rw',
    { kind: 'mount', hostPath: 'C:\\Users\\me', guestPath: '/data', access: 'read-write' },
  ],
  ['env=HOME', { kind: 'env', name: 'HOME' }],
  [
    `credential=https://api.example.com:8443/X-Key=a=\${KEY} b/\${OTHER}`,
    {
      kind: 'credential',
      host: 'https://api.example.com:8443',
      header: 'X-Key',
      value: `a=\${KEY} b/\${OTHER}`,
    },
  ],
  ['memory=128', { kind: 'memory', value: 128 }],
  ['time=10s', { kind: 'time', value: 10_000 }],
  ['time=1500ms', { kind: 'time', value: 1_500 }],
  ['fuel=1000000000000000', { kind: 'fuel', value: 1e15 }],
  ['requests=8', { kind: 'requests', value: 8 }],
  ['rate=60', { kind: 'rate', value: 60 }],
  ['clock=fine', { kind: 'clock', resolution: 'fine' }],
])('%s is read, and written the same', (text, item) => {
  expect(parseGrantItem(text)).toEqual(item);
  expect(formatGrantItem(parseGrantItem(text))).toBe(text);
  expect(formatGrantSelector(parseGrantSelector(text))).toBe(text);
});

test.each([
  ['net=API.Example.com', 'net=api.example.com'],
  ['time=2m', 'time=120s'],
  ['time=0.5s', 'time=500ms'],
  ['time=1.001s', 'time=1001ms'],
  ['mount=/host/path/:/data:ro', 'mount=/host/path:/data:ro'],
])('%s is written as %s', (text, canonical) => {
  expect(formatGrantItem(parseGrantItem(text))).toBe(canonical);
});

test.each([
  ['', /no such permission/],
  ['network=api.github.com', /no such permission/],
  ['nett=x', /Did you mean net\?/],
  ['net', /does not say which/],
  ['net=', /does not say which/],
  ['net=granted.com@evil.com', /user name/],
  ['net=api.example.com/path', /path/],
  ['net=2130706433', /four decimal numbers/],
  ['fs=all', /read-only or sandbox/],
  ['fs=none', /read-only or sandbox/],
  ['mount=/srv', /where the tool sees it/],
  ['mount=/srv:/data', /ro or rw/],
  ['mount=/srv:/data:rx', /ro or rw/],
  ['mount=srv:/data:ro', /from the root/],
  ['mount=./srv:/data:ro', /from the root/],
  ['mount=/srv/../etc:/data:ro', /from the root/],
  ['mount=/srv:/:ro', /empty/],
  ['mount=/srv:/../etc:ro', /"\.\."/],
  ['mount=/srv:/a//b:ro', /empty/],
  ['mount=/srv:/sandbox:rw', /KAMI keeps/],
  ['mount=/srv:/package/x:ro', /KAMI keeps/],
  ['mount=/s\u202erv:/data:ro', /invisible/],
  ['mount=/s\nrv:/data:ro', /invisible/],
  ['env=A B', /letters, digits/],
  ['env=1A', /letters, digits/],
  [`credential=*.example.com/Authorization=\${T}`, /one exact host/],
  [`credential=http://example.com/Authorization=\${T}`, /https/],
  [`credential=tcp://example.com:5432/Authorization=\${T}`, /raw TCP has no headers/],
  [`credential=example.com/Host=\${T}`, /sets this one itself/],
  [`credential=example.com/Proxy-Authorization=\${T}`, /sets this one itself/],
  [`credential=example.com/A: B=\${T}`, /name of a request header/],
  ['credential=example.com/Authorization=plain', /name of a secret/],
  [`credential=example.com/Authorization=\${}`, /name of a secret/],
  [`credential=example.com/Authorization=\${T`, /name of a secret/],
  [`credential=example.com/Authorization=\${T}\r\nX: y`, /printable ASCII/],
  ['memory=0', /from 1 to 4096/],
  ['memory=4097', /from 1 to 4096/],
  ['memory=1e3', /from 1 to/],
  ['memory=-1', /from 1 to/],
  ['time=10', /from 1ms to 3600s/],
  ['time=0s', /from 1ms/],
  ['time=61m', /from 1ms/],
  ['time=0.0001s', /from 1ms/],
  ['fuel=99999999999999999999', /from 1 to/],
  ['clock=coarse', /granted fine/],
  ['__proto__=x', /no such permission/],
  ['constructor', /no such permission/],
])('%j is refused', (text, message) => {
  expect(() => parseGrantItem(text)).toThrow(
    expect.objectContaining({
      code: 'KAMI_GRANT_INVALID',
      message: expect.stringMatching(message),
      fix: expect.stringMatching(/=|plain path/),
    }),
  );
});

describe('a selector', () => {
  it('may name all of a kind, or a mount by its place', () => {
    expect(parseGrantSelector('net')).toEqual({ select: 'kind', kind: 'net' });
    expect(parseGrantSelector('mount=/data')).toEqual({ select: 'mount-at', guestPath: '/data' });
    expect(formatGrantSelector(parseGrantSelector('mount=/data'))).toBe('mount=/data');
    expect(() => parseGrantSelector('everything')).toThrow(
      expect.objectContaining({ code: 'KAMI_GRANT_INVALID' }),
    );
  });
});
