import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isKamiError, type KamiError } from '../errors/kami-error.ts';
import { loadManifest } from './load-manifest.ts';
import { parseManifest } from './parse-manifest.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kami-manifest-'));
});
afterAll(() => rm(folder, { recursive: true }));

const good = '[tool]\nid = "com.example.echo"\nname = "Echo"\nversion = "1.0.0"\n';

/** What the text comes to; anything but a clean refusal or a manifest is a failure of the test. */
function refusal(text: string): KamiError | undefined {
  try {
    parseManifest(text, 'tool.toml');
    return undefined;
  } catch (error) {
    if (!isKamiError(error)) throw error;
    return error;
  }
}

const manyKeys = Array.from({ length: 25_000 }, (_, index) => `k${index}=1`).join('\n');

test.each([
  ['25 000 unknown keys', `${good}${manyKeys}`, 25_000],
  [
    '25 000 unknown tables',
    `${good}${Array.from({ length: 25_000 }, (_, i) => `[x${i}]`).join('\n')}`,
    25_000,
  ],
  ['100 000 elements', `${good}[security]\nenv_allow_list = [${'1,'.repeat(100_000)}]`, 1],
  ['14 000 arguments', `${good}${'[[mcp.arguments]]\n'.repeat(14_000)}`, 1],
])('%s are refused with their number, ten at most in words', (_, text, count) => {
  const error = refusal(text);
  expect(error?.code).toBe('KAMI_MANIFEST_INVALID');
  expect(error?.data).toMatchObject({ count });
  expect(error?.message.length).toBeLessThan(4_000);
  expect(error?.message.split('\n').length).toBeLessThanOrEqual(12);
});

test.each([
  ['arrays nested 100 000 deep', `${good}x = ${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  ['inline tables nested 50 000 deep', `${good}x = ${'{a='.repeat(50_000)}1${'}'.repeat(50_000)}`],
  ['a header 100 000 deep', `${good}[${'a.'.repeat(100_000)}a]\nb = 1`],
  ['a dotted key 100 000 deep', `${good}${'a.'.repeat(100_000)}a = 1`],
  [
    'a dotted key 100 000 deep inside a known key',
    `${good}[mcp]\ndescription = { ${'a.'.repeat(100_000)}a = 1 }`,
  ],
  [
    'many keys below a very long table name',
    `${good}[${'a'.repeat(100_000)}]\n${manyKeys.slice(0, 100_000)}\nz=1`,
  ],
  [
    'many headers of many parts',
    `${good}${Array.from({ length: 100 }, (_, i) => `[${'a.'.repeat(1_000)}b${i}]`).join('\n')}`,
  ],
  ['a key of 200 000 characters', `${good}${'k'.repeat(200_000)} = 1`],
  ['a quoted key of 200 000 quotes', `${good}"${'\\"'.repeat(100_000)}" = 1`],
  ['a value of 200 000 characters', `${good}wasm = "${'x'.repeat(200_000)}"`],
  ['a text of 100 000 quotes', `${good}wasm = '''${"''x".repeat(60_000)}'''`],
  ['JSON nested 100 000 deep', `${good}[mcp]\ninput_schema = '${'['.repeat(100_000)}${']'.repeat(100_000)}'`],
  ['JSON never closed', `${good}[mcp]\ninput_schema = '${'{"a":'.repeat(40_000)}'`],
  ['more than 256 KiB', `${good}# ${'x'.repeat(256 * 1024)}`],
  ['a date for a text', good.replace('"Echo"', '1979-05-27T07:32:00Z')],
  ['a date for a table', 'tool = 1979-05-27'],
  ['a list for a table', '[[tool]]\nid = "com.example.echo"'],
  ['a text for a table', 'tool = "com.example.echo"'],
  ['a table for a text', good.replace('"Echo"', '{ a = 1 }')],
  ['a table twice', `${good}[tool]\n`],
  ['a key twice', `${good}name = "Other"`],
  ['a key made a table', `${good}[tool.name]\nx = 1`],
  ['prototype keys as tables', '[__proto__]\nx = 1\n[constructor.prototype]\ny = 1'],
  ['a lone carriage return', good.replace('\n', '\r')],
  ['a NUL', `${good}\u0000`],
  ['a lone surrogate', good.replace('Echo', 'a\ud800b')],
  ['nothing', ''],
  ['only a byte order mark', '\ufeff'],
])('%s: refused with a message of bounded length', (_, text) => {
  const error = refusal(text);
  expect(error?.code).toBe('KAMI_MANIFEST_INVALID');
  expect(error?.message.length).toBeLessThan(4_000);
  expect(error?.fix.length).toBeLessThan(4_000);
});

test('a manifest does not reach Object.prototype', () => {
  refusal(`${good}[__proto__]\npolluted = 1\n[constructor.prototype]\npolluted = 1`);
  const manifest = parseManifest(
    `${good}[mcp]\ninput_schema = '{ "__proto__": { "polluted": 1 } }'\n[[mcp.arguments]]\nname = "a"\ntype = "object"\ndefault = { __proto__ = { polluted = 1 } }`,
    'tool.toml',
  );
  expect('polluted' in {}).toBe(false);
  expect('polluted' in (manifest.inputSchema ?? {})).toBe(false);
  expect(Object.keys(manifest.inputSchema ?? {})).toEqual(['__proto__']);
});

test('a byte order mark and CRLF are read by the book', async () => {
  const path = join(folder, 'windows.toml');
  await writeFile(path, `\ufeff${good.replaceAll('\n', '\r\n')}[mcp]\r\ndescription = """\r\na\r\nb"""\r\n`);
  const manifest = await loadManifest(path);
  expect(manifest).toMatchObject({ id: 'com.example.echo', description: 'a\nb' });
});

test.each([
  ['UTF-16', Buffer.from(`\ufeff${good}`, 'utf16le'), /UTF-16/],
  ['Latin-1', Buffer.from(good.replace('Echo', 'Écho'), 'latin1'), /:3: Line 3 is not valid UTF-8/],
  [
    'an overlong form',
    Buffer.concat([Buffer.from(good), Buffer.from([0xc0, 0xaf])]),
    /:5: Line 5 is not valid UTF-8/,
  ],
  ['too many bytes', Buffer.alloc(300_000, 0x0a), /at most 262144/],
])('a file in %s is refused', async (name, bytes, message) => {
  const path = join(folder, `${name}.toml`);
  await writeFile(path, bytes);
  await expect(loadManifest(path)).rejects.toMatchObject({
    code: 'KAMI_MANIFEST_INVALID',
    message: expect.stringMatching(message),
  });
});

test('random damage to a good file is read or refused, never more', () => {
  const text = `${good}[[mcp.arguments]]\nname = "a"\ntype = "object"\ndefault = { a = [1, 2.5, "x"] }\n[security]\nnet_allow_list = ["*.example.com"]\n`;
  const junk = [
    '"',
    "'",
    '[',
    ']',
    '{',
    '}',
    '=',
    '.',
    ',',
    '\n',
    '#',
    '\\',
    '"""',
    '__proto__',
    '1979-05-27',
    '\u0000',
    '😀',
    '',
  ];
  let state = 7;
  const below = (bound: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * bound);
  };
  let refused = 0;
  for (let round = 0; round < 3_000; round += 1) {
    let damaged = text;
    for (let edit = 0; edit <= below(3); edit += 1) {
      const at = below(damaged.length);
      damaged = damaged.slice(0, at) + junk[below(junk.length)] + damaged.slice(at + below(4));
    }
    if (refusal(damaged) !== undefined) refused += 1;
  }
  expect(refused).toBeGreaterThan(1_000);
});
