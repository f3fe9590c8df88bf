import { isIPv4, isIPv6 } from 'node:net';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type HostTarget, originOf, parseHostPattern } from '../../model/host-match.ts';
import { judge, parseTarget } from './judge.ts';

const schemes = fc.constantFrom('http', 'https');
const name = fc
  .array(fc.stringMatching(/^[a-z0-9](?:[a-z0-9_-]{0,6}[a-z0-9])?$/), { minLength: 1, maxLength: 4 })
  .map((labels) => labels.join('.'));

/** Spellings of a text that a URL parser takes for the same host, and many that it does not. */
const respelled = (text: string) =>
  fc
    .array(fc.nat(9), { minLength: text.length, maxLength: text.length })
    .map((choices) => [...text].map((character, at) => respell(character, choices[at] ?? 0)).join(''));

function respell(character: string, choice: number): string {
  const code = character.charCodeAt(0);
  if (choice === 0) return `%${code.toString(16)}`;
  if (choice === 1) return character.toUpperCase();
  if (choice === 2 && code > 0x20 && code < 0x7f) return String.fromCharCode(code + 0xfee0);
  if (choice === 3) return character === '.' ? '\u3002' : `${character}\u00ad`;
  return character;
}

const number = fc.oneof(
  fc.nat(255).map(String),
  fc.nat(0xffff_ffff).map((value) => `0x${value.toString(16)}`),
  fc.nat(0o777).map((value) => `0${value.toString(8)}`),
  fc.nat(0xffff_ffff).map(String),
);
const host = fc.oneof(
  name,
  name.chain(respelled),
  fc.ipV4().chain(respelled),
  fc.array(number, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.')),
  fc.ipV6().map((text) => `[${text}]`),
  fc.ipV4().map((text) => `[::ffff:${text}]`),
  fc.string({ unit: 'binary', maxLength: 10 }),
  fc.webAuthority({ withIPv4Extended: true, withIPv6: true, withUserInfo: true, withPort: true }),
  fc.tuple(name, name).map(([user, real]) => `${user}@${real}`),
  fc
    .tuple(name, fc.constantFrom('/', '\\', '?', '#', '\t', ' ', '\0', ':', '..'), name)
    .map((parts) => parts.join('')),
);
const authority = fc
  .tuple(
    host,
    fc.constantFrom('', '.', '%2e'),
    fc.oneof(
      fc.constant(''),
      fc.nat(99_999).map((port) => `:${port}`),
      fc.constant(':'),
    ),
  )
  .map((parts) => parts.join(''));

/** What a client that is given the URL connects to, in the words of a target. */
function connectsTo(scheme: string, text: string): HostTarget | undefined {
  const url = URL.parse(`${scheme}://${text}/`);
  if (url === null || url.pathname !== '/' || url.search !== '' || url.hash !== '') return undefined;
  const bare = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  return {
    scheme: scheme as 'http',
    host: unmapped(bare),
    port: url.port === '' ? (scheme === 'http' ? 80 : 443) : Number(url.port),
  };
}

/** An IPv4 address in an IPv6 one reaches the IPv4 host. */
function unmapped(host: string): string {
  if (!isIPv6(host)) return host;
  const [, high, low] = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(host) ?? [];
  if (high === undefined || low === undefined) return host;
  const bits = Number.parseInt(high, 16) * 65_536 + Number.parseInt(low, 16);
  return new URL(`http://${bits}/`).hostname;
}

test('whatever the authority, what is judged is what would be connected to', () => {
  fc.assert(
    fc.property(schemes, authority, (scheme, text) => {
      const target = parseTarget(scheme, text);
      if (target === undefined) return;
      expect(target).toEqual(connectsTo(scheme, text));
      expect(URL.parse(`${scheme}://${text}/`)?.username).toBe('');
      expect(target.host).not.toMatch(/[@%/?#\\\s]|\.$/);
      // What is connected to is written from the target: it must mean the same once more.
      expect(connectsTo(scheme, originOf(target).slice(scheme.length + 3))).toEqual(target);
    }),
    { numRuns: 3_000 },
  );
});

test('every URL with a plain name or address in it is a target', () => {
  const plain = fc.oneof(
    name.filter((text) => URL.canParse(`http://${text}/`)),
    fc.ipV4(),
    fc.ipV6().map((text) => `[${text}]`),
  );
  fc.assert(
    fc.property(schemes, plain, fc.option(fc.integer({ min: 1, max: 65_535 })), (scheme, text, port) => {
      const whole = port === null ? text : `${text}:${port}`;
      expect(parseTarget(scheme, whole)).toEqual(connectsTo(scheme, whole));
    }),
  );
});

test('no other scheme is a target, however it is spelled', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.constantFrom('HTTP', 'https:', 'tcp', 'ws', 'file', ''), fc.string()),
      name,
      (scheme, text) => {
        fc.pre(scheme !== 'http' && scheme !== 'https');
        expect(parseTarget(scheme, text)).toBeUndefined();
      },
    ),
  );
});

test('a grant of one host allows every spelling of it, and nothing that is another host', () => {
  const granted = fc.oneof(
    name,
    fc.ipV4(),
    fc.ipV6().map((text) => `[${text}]`),
  );
  const spelledBeside = granted.chain((own) =>
    fc.tuple(fc.constant(own), fc.oneof(respelled(own), authority)),
  );
  fc.assert(
    fc.property(spelledBeside, ([own, text]) => {
      const pattern = parseHostPattern(own);
      const target = parseTarget('https', text);
      if (pattern === undefined || target === undefined) return;
      const isOwn = connectsTo('https', text)?.host === connectsTo('https', own)?.host && target.port === 443;
      expect(judge([pattern], target) !== undefined).toBe(isOwn);
    }),
    { numRuns: 2_000 },
  );
});

test('a grant of sub-domains or of every host allows no address that is not public', () => {
  fc.assert(
    fc.property(fc.constantFrom('*', '*.example.com'), fc.oneof(name, fc.ipV4()), (text, other) => {
      const pattern = parseHostPattern(text);
      const target = parseTarget('https', text === '*' ? other : `${other}.example.com`);
      if (pattern === undefined || target === undefined) return;
      const verdict = judge([pattern], target);
      if (isIPv4(target.host) && text !== '*') expect(verdict).toBeUndefined();
      if (verdict === undefined) return;
      for (const reach of ['private', 'special'] as const)
        expect(verdict.allowsAddress('10.0.0.1', reach)).toBe(false);
    }),
  );
});
