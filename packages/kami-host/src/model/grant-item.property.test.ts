import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isKamiError } from '../errors/kami-error.ts';
import { changeGrant, createGrant, grantItems, noGrant } from './grant.ts';
import {
  formatGrantItem,
  formatGrantSelector,
  type GrantItem,
  type GrantSelector,
  parseGrantItem,
  parseGrantSelector,
} from './grant-item.ts';
import { limitBounds } from './limits.ts';

const word = fc.stringMatching(/^[a-z][a-z0-9_-]{0,6}[a-z0-9]$/);
const host = fc
  .tuple(
    fc.constantFrom('', 'https://'),
    fc.oneof(
      fc.tuple(word, word).map((labels) => labels.join('.')),
      fc.ipV4(),
      fc.constant('[::1]'),
    ),
    fc.constantFrom('', ':8443'),
  )
  .map((parts) => parts.join(''));
const variable = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
/** Names of folders may have anything in them but `/` and what can't be seen. */
const folderName = fc
  .string({
    unit: fc.oneof(fc.stringMatching(/^[\x21-\x7e]$/), fc.constantFrom('ä', ' ', ':', '\\', '日')),
    minLength: 1,
  })
  .map((text) => text.replaceAll('/', ''))
  .filter((text) => text !== '' && !/(^|\\)\.{1,2}(\\|$)/.test(text));
const hostPath = fc.array(folderName, { maxLength: 3 }).map((names) => `/${names.join('/')}`);
const guestFolder = fc.array(word, { minLength: 1, maxLength: 3 }).map((names) => `/in-${names.join('/')}`);
const upTo = (most: number) => fc.integer({ min: 1, max: most });

const item: fc.Arbitrary<GrantItem> = fc.oneof(
  fc.record({ kind: fc.constant('net' as const), host: fc.oneof(host, fc.constantFrom('*', '*.a.com')) }),
  fc.record({ kind: fc.constant('fs' as const), access: fc.constantFrom('read-only', 'sandbox') }),
  fc.record({
    kind: fc.constant('mount' as const),
    hostPath,
    guestPath: guestFolder,
    access: fc.constantFrom('read-only', 'read-write'),
  }),
  fc.record({ kind: fc.constant('env' as const), name: variable }),
  fc.record({
    kind: fc.constant('credential' as const),
    host,
    header: word.map((text) => `x-${text}`),
    value: fc
      .tuple(fc.constantFrom('', 'Bearer ', 'a=b/c:', '$'), variable)
      .map(([before, name]) => `${before}\${${name}}`),
  }),
  fc.record({ kind: fc.constant('memory' as const), value: upTo(limitBounds.maxMemoryMb) }),
  fc.record({ kind: fc.constant('time' as const), value: upTo(limitBounds.timeoutMs) }),
  fc.record({ kind: fc.constant('fuel' as const), value: upTo(limitBounds.maxFuel) }),
  fc.record({ kind: fc.constant('requests' as const), value: upTo(limitBounds.maxConcurrentRequests) }),
  fc.record({ kind: fc.constant('rate' as const), value: upTo(limitBounds.callsPerMinute) }),
  fc.constant({ kind: 'clock' as const, resolution: 'fine' as const }),
);
const selector: fc.Arbitrary<GrantSelector> = fc.oneof(
  item.map((one) => ({ select: 'item' as const, item: one })),
  item.map(({ kind }) => ({ select: 'kind' as const, kind })),
  guestFolder.map((path) => ({ select: 'mount-at' as const, guestPath: path })),
);

/** A right text with something put in, taken out or doubled, and any text at all. */
const nearlyItem = fc.oneof(
  fc
    .tuple(
      item.map(formatGrantItem),
      fc.nat(40),
      fc.nat(4),
      fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(':', '/', '=', '..', '\\', '\n', '', '\ud800')),
    )
    .map(([text, at, cut, put]) => text.slice(0, at) + put + text.slice(at + cut)),
  fc.string({ unit: 'binary' }),
  fc
    .tuple(
      item.map(({ kind }) => kind),
      fc.string({ unit: 'binary' }),
    )
    .map(([kind, text]) => `${kind}=${text}`),
);

test('an item is written as one text, and read from it again', () => {
  fc.assert(
    fc.property(item, (one) => {
      expect(parseGrantItem(formatGrantItem(one))).toEqual(one);
    }),
    { numRuns: 2_000 },
  );
});

test('a selector is written as one text, and read from it again', () => {
  fc.assert(
    fc.property(selector, (one) => {
      expect(parseGrantSelector(formatGrantSelector(one))).toEqual(one);
    }),
  );
});

test('any text is an item with one canonical text, or is refused as one', () => {
  fc.assert(
    fc.property(nearlyItem, (text) => {
      let read: GrantItem;
      try {
        read = parseGrantItem(text);
      } catch (error) {
        if (!isKamiError(error)) throw error;
        expect(error.code).toBe('KAMI_GRANT_INVALID');
        expect(error.message).toMatch(/^[^\p{Cc}\p{Cs}]+$/u);
        expect(error.message.length + error.fix.length).toBeLessThan(2_000);
        return;
      }
      expect(parseGrantItem(formatGrantItem(read))).toEqual(read);
    }),
    { numRuns: 3_000 },
  );
});

test('a grant is its items: it is made from them again, and taking all away leaves nothing', () => {
  const grantor = { by: 'ada', at: new Date(0) };
  fc.assert(
    fc.property(fc.array(item, { maxLength: 8 }), fc.array(selector, { maxLength: 3 }), (items, remove) => {
      const grant = createGrant(items, grantor);
      expect(createGrant(grantItems(grant), grantor)).toEqual(grant);
      const smaller = changeGrant(grant, { add: [], remove }, grantor);
      const texts = grantItems(grant).map(formatGrantItem);
      for (const left of grantItems(smaller)) expect(texts).toContain(formatGrantItem(left));
      const everything = texts.map(parseGrantSelector);
      expect(grantItems(changeGrant(grant, { add: [], remove: everything }, grantor))).toEqual([]);
      expect(grantItems(changeGrant(noGrant, { add: items, remove: [] }, grantor))).toEqual(
        grantItems(grant),
      );
    }),
  );
});
