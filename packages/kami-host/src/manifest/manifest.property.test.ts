import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isKamiError } from '../errors/kami-error.ts';
import type { CapabilityRequest } from '../model/capability.ts';
import type { Sha256, ToolId } from '../model/ids.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { findDeceptive } from '../model/text.ts';
import type { ToolArgument } from '../model/tool.ts';
import { parseManifest } from './parse-manifest.ts';
import { renderManifest } from './render-manifest.ts';
import type { ToolManifest } from './tool-manifest.ts';

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });
const unit = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  fc.constantFrom('"', "'", '\\', '#', '=', '[', ']', '"""', "'''", '\\u0041', '{', '}'),
);
const line = (maxLength: number) =>
  fc
    .string({ unit, minLength: 1, maxLength: 12 })
    .filter((text) => text.trim() !== '' && text.length <= maxLength && findDeceptive(text) === undefined);
const text = fc
  .tuple(fc.array(line(64), { minLength: 1, maxLength: 4 }), fc.constantFrom('\n', '\t', '\n\n'))
  .map(([lines, between]) => lines.join(between));

const anyText = fc.string({ unit, maxLength: 8 });
const json = fc.letrec<{ value: Json; object: JsonObject; list: readonly Json[] }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(
      anyText,
      fc.boolean(),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
    ),
    tie('list'),
    tie('object'),
  ),
  list: fc.array(tie('value'), { maxLength: 3 }),
  object: fc.dictionary(
    fc.oneof(anyText, fc.constantFrom('__proto__', 'constructor', 'a.b', '')),
    tie('value'),
    {
      maxKeys: 3,
      noNullPrototype: true,
    },
  ),
}));
const withNull = fc.dictionary(anyText, fc.oneof(json.value, fc.constant(null)), {
  maxKeys: 3,
  noNullPrototype: true,
});

const defaults: Readonly<Record<ToolArgument['type'], fc.Arbitrary<Json>>> = {
  string: anyText,
  number: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  integer: fc.oneof(fc.maxSafeInteger(), fc.constantFrom(2 ** 53, 1e21, -1e300)).map((value) => value + 0),
  boolean: fc.boolean(),
  array: json.list,
  object: json.object,
};
const argumentOf = (type: ToolArgument['type']): fc.Arbitrary<ToolArgument> =>
  fc.record({
    name: fc.stringMatching(/^[A-Za-z0-9_.-]{1,8}$/),
    type: fc.constant(type),
    description: maybe(text),
    required: fc.boolean(),
    default: maybe(defaults[type]),
  });
const argument = fc.oneof(...(Object.keys(defaults) as ToolArgument['type'][]).map(argumentOf));

const label = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
const host = fc.tuple(label, label).map((labels) => labels.join('.'));
const path = (end: string) =>
  fc.array(label, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/') + end);
const bytes = (size: number) =>
  fc
    .tuple(
      fc.uint8Array({ minLength: size, maxLength: size }),
      fc.constantFrom('base64' as const, 'hex' as const),
    )
    .map(([value, encoding]) => Buffer.from(value).toString(encoding));

/** Never two for one header of a host. */
const credentials = fc
  .uniqueArray(fc.tuple(host, label), { maxLength: 3, selector: (place) => place.join(' ') })
  .map((places) =>
    places.map(([own, header]) => ({ host: own, header: `x-${header}`, value: `a "b" \${${header}}` })),
  );

const request: fc.Arbitrary<CapabilityRequest> = fc
  .record({
    network: fc.uniqueArray(
      fc.oneof(host, fc.constantFrom('*', '*.a.com', 'tcp://a.com:1', 'http://[::1]:80')),
      { maxLength: 3 },
    ),
    fileSystem: fc.constantFrom('none', 'read-only', 'sandbox'),
    asks: fc.uniqueArray(fc.constantFrom('user', 'model', 'roots')),
    environment: fc.uniqueArray(fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,5}$/), { maxLength: 3 }),
    mounts: fc.uniqueArray(
      fc.record({
        path: path('').map((folder) => `/in-${folder}`),
        access: fc.constantFrom('read-only', 'read-write'),
        reason: maybe(line(200)),
      }),
      { maxLength: 2, selector: (mount) => mount.path },
    ),
    credentials,
  })
  .map((whole) => ({
    ...whole,
    network: [...new Set([...whole.network, ...whole.credentials.map((credential) => credential.host)])],
  }));

const manifest: fc.Arbitrary<ToolManifest> = fc.record({
  id: host.map((id) => `com.${id}` as ToolId),
  name: line(64),
  version: fc
    .tuple(fc.nat(99), fc.nat(99), fc.nat(99), fc.constantFrom('', '-a.1', '+b', '-0a+1'))
    .map(([a, b, c, rest]) => `${a}.${b}.${c}${rest}`),
  artifact: fc.record({
    wasm: maybe(path('.wasm')),
    sha256: maybe(fc.stringMatching(/^[0-9a-f]{64}$/).map((hash) => hash as Sha256)),
    signature: maybe(bytes(64)),
    signerPublicKey: maybe(bytes(32)),
  }),
  description: maybe(text),
  arguments: fc.uniqueArray(argument, { maxLength: 3, selector: ({ name }) => name }),
  inputSchema: maybe(withNull),
  outputSchema: maybe(withNull),
  annotations: maybe(
    fc.record(
      { title: line(64), readOnlyHint: fc.boolean(), openWorldHint: fc.boolean() },
      { requiredKeys: [] },
    ),
  ),
  request,
  requestedLimits: fc.record({
    maxMemoryMb: fc.integer({ min: 1, max: 4_096 }),
    timeoutMs: fc.integer({ min: 1, max: 3_600_000 }),
    maxFuel: maybe(fc.integer({ min: 1, max: 1e15 })),
  }),
  build: fc.record({ entry: fc.oneof(fc.constant('src/tool.ts'), path('.ts')) }),
  component: maybe(
    fc.record({
      engine: line(64),
      engineVersion: line(64),
      size: fc.integer({ min: 1, max: 1024 ** 3 }),
      sdk: maybe(line(64)),
    }),
  ),
});

describe('a manifest', () => {
  it('is rendered to text, and parsed from it again', () => {
    fc.assert(
      fc.property(manifest, (value) => {
        const rendered = renderManifest(value);
        const parsed = parseManifest(rendered, 'tool.toml');
        expect(parsed).toEqual(value);
        expect(renderManifest(parsed)).toBe(rendered);
      }),
      { numRuns: 300 },
    );
  });

  const junk = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 5 }),
    fc.constantFrom(
      '"',
      "'",
      '[',
      ']',
      '[[',
      '{',
      '}',
      '=',
      '\n',
      '\r',
      '\\',
      '"""',
      '\u0000',
      '\ufeff',
      '1979-05-27',
      'nan',
    ),
    fc.constantFrom(
      '\n[tool]\n',
      '\n[mcp.arguments]\n',
      '\n[[security]]\n',
      '\nid = 1\n',
      '\n__proto__ = 1\n',
      '\nx.y.z = {}\n',
    ),
  );
  const damage = fc.tuple(fc.nat(), fc.oneof(fc.constant(0), fc.nat(30)), junk);
  const damaged = fc
    .tuple(manifest.map(renderManifest), fc.array(damage, { minLength: 1, maxLength: 4 }))
    .map(([whole, damages]) =>
      damages.reduce((before, [seed, cut, put]) => {
        const at = seed % (before.length + 1);
        return before.slice(0, at) + put + before.slice(at + cut);
      }, whole),
    );

  it.each([
    ['damaged', damaged],
    [
      'random',
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 60 }),
        fc.array(junk).map((parts) => parts.join('')),
      ),
    ],
  ])('that is %s is read, or refused with lines that the file has', (_what, texts) => {
    fc.assert(
      fc.property(texts, (source) => {
        try {
          const parsed = parseManifest(source, 'tool.toml');
          expect(parseManifest(renderManifest(parsed), 'tool.toml')).toEqual(parsed);
        } catch (error) {
          if (!isKamiError(error)) throw error;
          expect(error.code).toBe('KAMI_MANIFEST_INVALID');
          const { count, problems } = error.data as {
            count: number;
            problems: { line?: number; where: string; fix: string }[];
          };
          expect(problems.length).toBe(Math.min(count, 10));
          for (const { line: number = 0, where, fix } of problems) {
            expect(number).toBeGreaterThanOrEqual(1);
            expect(number).toBeLessThanOrEqual(source.split('\n').length);
            expect(where).toMatch(new RegExp(`^tool\\.toml:${number}:\\d+$`));
            expect(fix).not.toBe('');
          }
        }
      }),
      { numRuns: 700 },
    );
  });
});
