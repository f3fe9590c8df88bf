import { expect, test } from 'vitest';
import { decodeToml, maxTomlBytes } from './decode.ts';
import { parseToml, type TomlDocument } from './document.ts';
import type { TomlPath } from './position.ts';

function document(text: string): TomlDocument {
  const parsed = parseToml(text);
  if (!parsed.ok) throw new Error(parsed.problem.message);
  return parsed.document;
}

const text = `# a comment with = and [brackets]
top = 1
"quoted.key" = 'a # no comment'

[tool] # [not.a.table]
id = "x]\\"=" # c
text = """
first = 1
[second]
\\""" still"""
after.dotted.key = true
inline = { a = 1, b = { c = [1, { d = 2 }] } }

[[mcp.arguments]]
name = "one"
list = [
  1, # comment, with comma
  "two",
  [3,
   4],
]
[mcp.arguments.sub]
x = 1

[[ mcp . "arguments" ]]
name = '''
literal \\'''
type = 2024-01-01T00:00:00Z
[mcp]
description = "late"
`;

test.each<[TomlPath, number, number]>([
  [['top'], 2, 1],
  [['quoted.key'], 3, 1],
  [['tool'], 5, 1],
  [['tool', 'id'], 6, 1],
  [['tool', 'text'], 7, 1],
  [['tool', 'after', 'dotted', 'key'], 11, 1],
  [['tool', 'inline', 'a'], 12, 12],
  [['tool', 'inline', 'b', 'c', 1, 'd'], 12, 35],
  [['mcp', 'arguments', 0], 14, 1],
  [['mcp', 'arguments', 0, 'list', 0], 17, 3],
  [['mcp', 'arguments', 0, 'list', 1], 18, 3],
  [['mcp', 'arguments', 0, 'list', 2, 1], 20, 4],
  [['mcp', 'arguments', 0, 'sub', 'x'], 23, 1],
  [['mcp', 'arguments', 1, 'name'], 26, 1],
  [['mcp', 'arguments', 1, 'type'], 28, 1],
  [['mcp'], 29, 1],
  [['mcp', 'description'], 30, 1],
])('finds %j', (path, line, column) => {
  expect(document(text).locate(path)).toEqual({ line, column });
});

test('a missing value is where its table is', () => {
  expect(document(text).locate(['tool', 'nothing', 'here'])).toEqual({ line: 5, column: 1 });
  expect(document(text).locate(['none'])).toEqual({ line: 1, column: 1 });
});

test('finds the same lines with CRLF and a byte order mark', () => {
  const windows = document(`\ufeff${text.replaceAll('\n', '\r\n')}`);
  expect(windows.locate(['top'])).toEqual({ line: 2, column: 1 });
  expect(windows.locate(['mcp', 'arguments', 0, 'list', 2, 1])).toEqual({ line: 20, column: 4 });
  expect(windows.line(15)).toBe('name = "one"');
});

test('every key of a table with strange keys is found', () => {
  const strange = document('"a\\u0062\\n" = 1\n"" = 2\n__proto__ = 3\nconstructor.x = 4\n');
  expect(Object.keys(strange.root)).toEqual(['ab\n', '', '__proto__', 'constructor']);
  expect(Object.keys(strange.root).map((key) => strange.locate([key]).line)).toEqual([1, 2, 3, 4]);
});

test.each([
  ['no end of a string', 'a = 1\nb = "x', 2],
  ['a text without quotes', 'a = 1\n\nname = Echo tool', 3],
  ['a key twice', 'a = 1\na = 2', 2],
  ['a table twice', '[a]\n[b]\n[a]', 3],
  ['an integer beyond what is exact', 'a = 99999999999999999999', 1],
  ['a control character', 'a = 1\nb = "\u0001"', 2],
])('names the line of %s', (_, broken, line) => {
  const parsed = parseToml(broken);
  expect(parsed).toMatchObject({ ok: false, problem: { line } });
});

test('proposes quotes for a text without them', () => {
  const parsed = parseToml('name = Echo tool');
  expect(parsed).toMatchObject({
    ok: false,
    problem: { fix: expect.stringMatching(/to: name = "Echo tool"$/) },
  });
});

test('decodes UTF-8, with or without byte order mark, and nothing else', () => {
  expect(decodeToml(Buffer.from('\ufeffa = "ä"'))).toEqual({ ok: true, text: '\ufeffa = "ä"' });
  expect(decodeToml(Buffer.from('\ufeffa = 1', 'utf16le'))).toMatchObject({
    ok: false,
    problem: { message: expect.stringMatching(/UTF-16/) },
  });
  const latin1 = Buffer.from('a = 1\nb = "ä"\nc = 2\n', 'latin1');
  expect(decodeToml(latin1)).toMatchObject({ ok: false, problem: { line: 2 } });
  expect(decodeToml(new Uint8Array(maxTomlBytes + 1))).toMatchObject({
    ok: false,
    problem: { message: expect.stringMatching(/at most 262144/) },
  });
});
