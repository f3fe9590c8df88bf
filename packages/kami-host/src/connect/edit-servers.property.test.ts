import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../model/json.ts';
import { tomlKey, tomlValue } from '../model/toml/write.ts';
import { findClient } from './clients.ts';
import { putServer, readServers, removeServer } from './edit-servers.ts';
import { jsonText } from './json-text.ts';
import { tomlText } from './toml-text.ts';

const fields = { command: '/usr/bin/node', args: ['/k/kami.js', 'serve'] };
const key = fc.oneof(
  fc.constantFrom('a', 'kami', 'theme', '__proto__', 'a.b', 'ü "x"'),
  fc.string({ maxLength: 6 }),
);
const value: fc.Arbitrary<Json> = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>;

/** What `before` has is in `after` in its order: nothing was taken away. */
function isSubsequence(before: string, after: string): boolean {
  let at = 0;
  for (const character of after.split('')) if (character === before[at]) at += 1;
  return at >= before.length;
}

describe('JSON with comments, in any layout', () => {
  /** A gap between two tokens, each comment with a number of its own. */
  const gap = fc.constantFrom(
    '',
    ' ',
    '\n',
    '\r\n',
    '\t',
    '\n    ',
    ' /* # */ ',
    ' // #\n',
    '\r\n\t// #\r\n',
  );

  const document = fc
    .record({
      others: fc.array(fc.tuple(key, value), { maxLength: 4 }),
      servers: fc.option(fc.array(fc.tuple(key, value), { maxLength: 4 }), { nil: undefined }),
      at: fc.nat(4),
      gaps: fc.array(gap, { minLength: 5, maxLength: 60 }),
      hasLastComma: fc.boolean(),
    })
    .map(({ others, servers, at, gaps, hasLastComma }) => {
      let used = 0;
      const next = () => {
        used += 1;
        return (gaps[used % gaps.length] ?? '').replace('#', `note ${used}`);
      };
      const object = (pairs: readonly (readonly [string, string])[]): string => {
        const items = pairs.map(
          ([name, text]) => `${next()}${JSON.stringify(name)}${next()}:${next()}${text}${next()}`,
        );
        const last = hasLastComma && items.length > 0 ? `,${next()}` : '';
        return `{${items.join(',')}${last}${next()}}`;
      };
      const render = (pairs: readonly (readonly [string, Json])[]) =>
        pairs.map(([name, item]) => [name, JSON.stringify(item)] as const);
      const pairs = render(others.filter(([name]) => name !== 'mcpServers'));
      if (servers !== undefined) pairs.splice(at, 0, ['mcpServers', object(render(servers))]);
      return `${next()}${object(pairs)}${next()}`;
    });

  const client = findClient('claude-code');
  const fileOf = (text: string) => ({ client, path: '/c', text });
  const notes = (text: string) => text.match(/note \d+/g) ?? [];

  it('gains an entry and loses no byte', () => {
    fc.assert(
      fc.property(document, (text) => {
        const isNew = !readServers(fileOf(text)).has('kami');
        const after = putServer(fileOf(text), 'kami', fields, false);
        expect(readServers(fileOf(after)).get('kami')).toEqual(fields);
        expect(notes(after)).toEqual(notes(text));
        if (isNew) expect(isSubsequence(text, after)).toBe(true);
        expect(putServer(fileOf(after), 'kami', fields, true)).toBe(after);
      }),
      { numRuns: 2_000 },
    );
  });

  it('loses an entry and no comment', () => {
    fc.assert(
      fc.property(document, (text) => {
        const isNew = !readServers(fileOf(text)).has('kami');
        const given = putServer(fileOf(text), 'kami', fields, false);
        const after = removeServer(fileOf(given), 'kami');
        expect(readServers(fileOf(after)).has('kami')).toBe(false);
        // What stands inside of an entry goes with it.
        if (isNew) expect(notes(after)).toEqual(notes(text));
        expect(isSubsequence(after, given)).toBe(true);
        expect(jsonText.parse(after)).toMatchObject({ ok: true });
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('TOML in any layout', () => {
  const scalar = fc.oneof(
    fc.string({ maxLength: 8 }).map((text) => tomlValue(text)),
    fc.integer().map(String),
    fc.constantFrom('true', '1979-05-27T07:32:00Z', '07:32:00', '"""a\n# no note\n[x]\n"""', "'''\n[y]'''"),
    fc
      .array(fc.string({ maxLength: 4 }), { maxLength: 3 })
      .map((list) => `[ # note\n  ${list.map((item) => `${tomlValue(item)}, # note\n`).join('')}]`),
  );
  const eol = fc.constantFrom('\n', '\n\n', ' # note\n', '\n# note\n');
  const pairs = fc.uniqueArray(
    fc.tuple(
      key.filter((name) => name !== ''),
      scalar,
      eol,
    ),
    {
      maxLength: 3,
      selector: ([name]) => name,
    },
  );
  const table = fc.tuple(
    fc.constantFrom(
      'mcp_servers.a',
      'mcp_servers."b c"',
      'mcp_servers.kami',
      'mcp_servers.kami.env',
      'other',
      'tui',
    ),
    pairs,
    eol,
  );
  const document = fc
    .tuple(pairs, fc.uniqueArray(table, { maxLength: 5, selector: ([name]) => name }), fc.boolean())
    .map(([root, tables, isWindows]) => {
      const lines = (list: readonly (readonly [string, string, string])[]) =>
        list.map(([name, text, end]) => `${tomlKey(name)} = ${text}${end}`).join('');
      const text = lines(root) + tables.map(([name, list, end]) => `[${name}]${end}${lines(list)}`).join('');
      return isWindows ? text.replaceAll('\n', '\r\n') : text;
    })
    .filter((text) => tomlText.parse(text).ok);

  const client = findClient('codex');
  const fileOf = (text: string) => ({ client, path: '/c', text });
  const notes = (text: string) => (text.match(/# note/g) ?? []).length;

  it('gains an entry and loses no byte', () => {
    fc.assert(
      fc.property(document, (text) => {
        const isNew = !readServers(fileOf(text)).has('kami');
        const after = putServer(fileOf(text), 'kami', fields, true);
        expect(readServers(fileOf(after)).get('kami')).toMatchObject(fields);
        if (isNew) expect(after.startsWith(text)).toBe(true);
        expect(putServer(fileOf(after), 'kami', fields, true)).toBe(after);
      }),
      { numRuns: 1_000 },
    );
  });

  it('loses an entry it gained, and is as it was', () => {
    fc.assert(
      fc.property(document, (text) => {
        if (readServers(fileOf(text)).has('kami')) return;
        const after = removeServer(fileOf(putServer(fileOf(text), 'kami', fields, false)), 'kami');
        expect(after.trimEnd()).toBe(text.trimEnd());
        expect(notes(after)).toBe(notes(text));
      }),
      { numRuns: 1_000 },
    );
  });

  it('loses an entry of any form, and nothing else', () => {
    fc.assert(
      fc.property(document, (text) => {
        const after = removeServer(fileOf(text), 'kami');
        expect(readServers(fileOf(after)).has('kami')).toBe(false);
        expect(isSubsequence(after, text)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});
