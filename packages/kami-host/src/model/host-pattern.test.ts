import { expect, test } from 'vitest';
import { hostPattern } from './host-pattern.ts';

test.each([
  ['api.example.com', 'api.example.com'],
  ['API.Example.COM', 'api.example.com'],
  ['*.example.com', '*.example.com'],
  ['*', '*'],
  ['*:8443', '*:8443'],
  ['https://*', 'https://*'],
  ['localhost', 'localhost'],
  ['localhost:3000', 'localhost:3000'],
  ['https://api.example.com:8443', 'https://api.example.com:8443'],
  ['http://*.example.com', 'http://*.example.com'],
  ['192.168.1.10:80', '192.168.1.10:80'],
  ['[2001:db8::1]:443', '[2001:db8::1]:443'],
  ['xn--mnchen-3ya.de', 'xn--mnchen-3ya.de'],
  ['_service.example.com', '_service.example.com'],
  ['tcp://DB.example.com:5432', 'tcp://db.example.com:5432'],
  ['tcp://10.0.0.7:5432', 'tcp://10.0.0.7:5432'],
  ['tcp://[2001:db8::1]:5432', 'tcp://[2001:db8::1]:5432'],
])('%s is a pattern', (text, value) => {
  expect(hostPattern(text)).toEqual({ ok: true, value });
});

test.each([
  ['https://api.example.com/v1', '"https://api.example.com"'],
  ['api.example.com/', '"api.example.com"'],
  ['granted.com@evil.com', '"evil.com"'],
  ['https://user:secret@granted.com', '"https://granted.com"'],
  ['example.com.', '"example.com"'],
  ['*example.com', '"*.example.com"'],
  ['**.example.com', '"*.example.com"'],
  ['münchen.de', '"xn--mnchen-3ya.de"'],
  ['ftp://example.com', '"example.com"'],
  ['tcp://user@db.example.com:5432', '"tcp://db.example.com:5432"'],
  ['tcp://db.example.com:5432/table', '"tcp://db.example.com:5432"'],
  ['api.example.com:0', '"api.example.com"'],
  ['api.example.com:65536', '"api.example.com"'],
  ['api.example.com:', '"api.example.com"'],
])('%s is refused, and the right form proposed', (text, suggestion) => {
  expect(hostPattern(text)).toMatchObject({ ok: false, suggestion });
});

test.each([
  '',
  '.',
  '*.',
  '*.*',
  'a.*.com',
  'a..com',
  '-a.com',
  'a-.com',
  'a b.com',
  'a%2ecom',
  '2130706433',
  '127.1',
  '0x7f.1',
  '0x7f000001',
  '0177.0.0.1',
  '256.1.1.1',
  '*.1.2.3.4',
  '*.[::1]',
  '[::1',
  '[::1%eth0]',
  '[not-an-address]',
  '::1',
  'https://',
  '://example.com',
  'javascript:alert(1)',
  'example.com\nevil.com',
  `${'a.'.repeat(127)}com`,
  `${'a'.repeat(64)}.com`,
  'x'.repeat(100_000),
])('%.60j is refused', (text) => {
  expect(hostPattern(text).ok).toBe(false);
});

test.each([
  'tcp://db.example.com',
  'tcp://*:5432',
  'tcp://*.example.com:5432',
  'tcp://*',
  'tcp://',
  'tcp://:5432',
  'tcp:db.example.com:5432',
  'tcp://db.example.com:0',
  'tcp://db.example.com:5432:5433',
  'tcp://db.example.com:5000-6000',
  'tcp://db.example.com.:5432',
  'tcp://2130706433:5432',
  'udp://db.example.com:5432',
])('%s is refused: raw TCP goes to one host and one port', (text) => {
  expect(hostPattern(text).ok).toBe(false);
});

test.each(['db.example.com', '*.example.com:5432', 'db.example.com.:5432', 'dätenbank.example:5432'])(
  'a web pattern is not what is proposed for tcp://%s',
  (host) => {
    expect(hostPattern(`tcp://${host}`)).toMatchObject({ suggestion: '"tcp://db.example.com:5432"' });
  },
);

test.each([5, true, null, undefined, {}, ['a.com'], new Date(0)])('%s is no text', (value) => {
  expect(hostPattern(value).ok).toBe(false);
});
