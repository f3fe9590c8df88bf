import { expect, test } from 'vitest';
import { isJsonObject, type Json } from '../json.ts';
import { parseToml } from './document.ts';
import type { TomlPath } from './position.ts';
import { tomlKey, tomlString, tomlValue } from './write.ts';

/** The same numbers in every run: a failure can be repeated. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return Math.floor((state / 4_294_967_296) * below);
  };
}

const pieces = [
  'a',
  'Z',
  '0',
  ' ',
  '"',
  "'",
  '\\',
  '\n',
  '\t',
  '\r',
  '=',
  '#',
  '[',
  ']',
  '{',
  '}',
  ',',
  '.',
  '\u0000',
  '\u007f',
  'ä',
  '😀',
  '"""',
  "'''",
  '__proto__',
];

function anyText(below: (bound: number) => number): string {
  return Array.from({ length: below(8) }, () => pieces[below(pieces.length)] ?? '').join('');
}

function anyJson(below: (bound: number) => number, depth = 0): Json {
  const kind = below(depth < 5 ? 6 : 4);
  if (kind === 0) return anyText(below);
  if (kind === 1) return below(2) === 0;
  if (kind === 2) return below(2_000_000) - 1_000_000;
  if (kind === 3) return (below(1_000_000) - 500_000) * 10 ** (below(40) - 20);
  if (kind === 4) return Array.from({ length: below(4) }, () => anyJson(below, depth + 1));
  return Object.fromEntries(
    Array.from({ length: below(4) }, () => [anyText(below), anyJson(below, depth + 1)]),
  );
}

function paths(value: Json, path: TomlPath = []): TomlPath[] {
  const children: [string | number, Json][] = Array.isArray(value)
    ? [...value.entries()]
    : isJsonObject(value)
      ? Object.entries(value)
      : [];
  return [path, ...children.flatMap(([step, item]) => paths(item, [...path, step]))];
}

test('what is written is read again as the same value, and each part of it is found', () => {
  const below = numbers(1);
  for (let round = 0; round < 500; round += 1) {
    const tree: Record<string, Json> = {};
    for (let key = 0; key < 3; key += 1) tree[`k${key}${anyText(below)}`] = anyJson(below);
    const lines = Object.entries(tree).map(([key, value]) => `${tomlKey(key)} = ${tomlValue(value)}`);
    const parsed = parseToml(lines.join('\n'));
    if (!parsed.ok) throw new Error(`${parsed.problem.message}\n${lines.join('\n')}`);
    // Through JSON, as the parser's tables have no prototype and know -0.
    expect(JSON.parse(JSON.stringify(parsed.document.root))).toEqual(JSON.parse(JSON.stringify(tree)));
    for (const [index, [key, value]] of Object.entries(tree).entries()) {
      const found = paths(value).map((path) => parsed.document.locate([key, ...path]));
      expect(new Set(found.map(({ line }) => line))).toEqual(new Set([index + 1]));
      expect(new Set(found.map(({ column }) => column)).size).toBe(found.length);
    }
  }
});

test('keeps texts readable', () => {
  expect(tomlString('plain')).toBe('"plain"');
  expect(tomlString('{ "a": 1 }')).toBe(`'{ "a": 1 }'`);
  expect(tomlString(`it's "so"`)).toBe(`"it's \\"so\\""`);
  expect(tomlKey('max_fuel')).toBe('max_fuel');
  expect(tomlKey('a.b')).toBe('"a.b"');
});

test('refuses what TOML does not have', () => {
  expect(() => tomlValue([null])).toThrow(RangeError);
  expect(() => tomlValue(Number.POSITIVE_INFINITY)).toThrow(RangeError);
});
