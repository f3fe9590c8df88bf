import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { coversPattern, matchesHost, narrowPattern, parseHostPattern, type Scheme } from './host-match.ts';
import { hostPattern } from './host-pattern.ts';

const label = fc.oneof(
  fc.constantFrom('a', 'api', 'example', 'com', 'xn--bcher-kva', 'xn--a', '_dmarc', 'a-b', '0x7f', '1', '-'),
  fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/),
);
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6().map((text) => `[${text}]`),
  fc.ipV4Extended(),
);
const host = fc.oneof(
  { weight: 4, arbitrary: name },
  { weight: 2, arbitrary: name.map((text) => `*.${text}`) },
  { weight: 2, arbitrary: address },
  { weight: 1, arbitrary: fc.constantFrom('*', '*.*', '*a.com', '*.127.0.0.1', 'localhost', 'a.com.', '') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
);
const pattern = fc
  .tuple(
    fc.constantFrom('', '', 'http://', 'HTTPS://', 'tcp://', 'ftp://', '//'),
    host,
    fc.oneof(
      fc.constant(''),
      fc.nat(70_000).map((port) => `:${port}`),
    ),
  )
  .map((parts) => parts.join(''));
const scheme = fc.constantFrom<Scheme>('http', 'https', 'tcp');
const port = fc.oneof(fc.constantFrom(80, 443, 5432), fc.integer({ min: 1, max: 65_535 }));

test('a text is a pattern or is refused, by both readers alike, and what was read is read again the same', () => {
  fc.assert(
    fc.property(fc.oneof(pattern, fc.string({ unit: 'binary' })), (text) => {
      const checked = hostPattern(text);
      const parsed = parseHostPattern(text);
      expect(parsed !== undefined).toBe(checked.ok);
      if (parsed === undefined) return;
      expect(checked).toEqual({ ok: true, value: parsed.text });
      expect(parsed.text).toBe(text.toLowerCase());
      expect(parseHostPattern(parsed.text)).toEqual(parsed);
    }),
    { numRuns: 2_000 },
  );
});

test('an exact pattern matches its own host and no other', () => {
  fc.assert(
    fc.property(pattern, name, scheme, port, (text, other, by, at) => {
      const parsed = parseHostPattern(text);
      if (parsed?.kind !== 'exact') return;
      for (const target of [other, `x${parsed.host}`, `${parsed.host}x`, `a.${parsed.host}`, 'host', '']) {
        const isOwn = target === parsed.host;
        expect(matchesHost(parsed, { scheme: by, host: target, port: at }) && !isOwn).toBe(false);
      }
      const own = { scheme: parsed.scheme ?? 'https', host: parsed.host, port: parsed.port ?? at };
      const meant = parsed.port ?? (own.scheme === 'http' ? 80 : 443);
      expect(matchesHost(parsed, own)).toBe(own.port === meant);
    }),
    { numRuns: 1_000 },
  );
});

test('a suffix matches its sub-domains and never itself, a look-alike or an address', () => {
  fc.assert(
    fc.property(name, label, scheme, port, (suffix, first, by, at) => {
      const parsed = parseHostPattern(`*.${suffix}`);
      if (parsed === undefined) return;
      const own = suffix.toLowerCase();
      const matches = (target: string) => matchesHost(parsed, { scheme: 'https', host: target, port: 443 });
      for (const foreign of [
        own,
        `${first}${own}`,
        `${first}-${own}`,
        `${own}.${first}`,
        `${own}.`,
        `.${own}x`,
      ]) {
        expect({ foreign, matches: matches(foreign) && !foreign.endsWith(`.${own}`) }).toEqual({
          foreign,
          matches: false,
        });
      }
      expect(matches(`${first.toLowerCase()}.${own}`)).toBe(true);
      const elsewhere = { scheme: by, host: `a.${own}`, port: at };
      expect(matchesHost(parsed, elsewhere)).toBe(by === 'https' && at === 443);
    }),
  );
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (target) => {
      const last = target.split(/[.:]/).at(-1) ?? '';
      const parsed = parseHostPattern(`*.${last}`);
      expect(parsed !== undefined && matchesHost(parsed, { scheme: 'https', host: target, port: 443 })).toBe(
        false,
      );
    }),
  );
});

test('what two patterns leave is in both, and a pattern that covers another matches whatever that matches', () => {
  const few = fc.constantFrom(
    'a.com',
    'b.a.com',
    'c.b.a.com',
    'xa.com',
    'localhost',
    '127.0.0.1',
    '[::1]',
    'com',
  );
  const close = fc
    .tuple(
      fc.constantFrom('', '', 'http://', 'https://', 'tcp://'),
      fc.oneof(
        fc.constant('*'),
        few,
        few.map((text) => `*.${text}`),
      ),
      fc.constantFrom('', '', ':80', ':443', ':5432'),
    )
    .map((parts) => parseHostPattern(parts.join('')))
    .filter((parsed) => parsed !== undefined);
  const target = fc.record({
    scheme,
    host: few.map((text) => text.replace(/^\[|\]$/g, '')),
    port: fc.constantFrom(80, 443, 5432),
  });
  let left = 0;
  fc.assert(
    fc.property(close, close, target, (granted, within, at) => {
      const both = matchesHost(granted, at) && matchesHost(within, at);
      const narrowed = narrowPattern(granted, within);
      if (narrowed !== undefined) {
        left += 1;
        expect(matchesHost(narrowed, at)).toBe(both);
        expect(narrowed.publicOnly).toBe(granted.publicOnly || within.publicOnly);
        expect(narrowed.text).toBe(granted.text);
      }
      if (coversPattern(granted, within)) {
        expect(matchesHost(within, at) && !matchesHost(granted, at)).toBe(false);
        expect(narrowed).toBeDefined();
      }
    }),
    { numRuns: 5_000 },
  );
  expect(left).toBeGreaterThan(500);
});
