import { expect, test } from 'vitest';
import { type FileSystemAccess, noCapabilities } from '../model/capability.ts';
import { parseToolId } from '../model/ids.ts';
import type { Json } from '../model/json.ts';
import type { ToolArgument } from '../model/tool.ts';
import { parseManifest } from './parse-manifest.ts';
import { renderManifest } from './render-manifest.ts';
import type { ToolManifest } from './tool-manifest.ts';

/** A manifest with any mixture of fields, the same for the same seed. */
function anyManifest(seed: number): ToolManifest {
  let state = seed * 7_919 + 1;
  const below = (bound: number) => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return Math.floor((state / 4_294_967_296) * bound);
  };
  const pick = <T>(values: readonly T[]): T => values[below(values.length)] as T;
  const maybe = <T>(value: () => T): T | undefined => (below(2) === 0 ? undefined : value());
  const line = () =>
    pick([
      'plain',
      'say "so"',
      "it's",
      'both \' and "',
      'back\\slash',
      'äöü 日本 👩‍💻',
      '# no = [comment]',
      "'''",
      '"""',
    ]);
  const text = () => `${line()}${pick(['', '\n', '\n\n  ', '\t'])}${line()}`;
  const json = (depth: number): Json =>
    depth === 0
      ? pick<Json>([null, true, 1, -1.5e-7, 1e300, 0, text()])
      : pick<Json>([[json(depth - 1)], { [line()]: json(depth - 1), __proto: [] }, {}, []]);
  const defaults: Record<ToolArgument['type'], () => Json> = {
    string: text,
    number: () => pick([1e21, 0.1, -3, Number.MAX_SAFE_INTEGER]),
    integer: () => pick([0, -5, 1e20]),
    boolean: () => false,
    array: () => [1, ['x', { 'a b': 1.5 }], []],
    object: () => ({ '': 1, 'quoted.key': { a: {} } }),
  };
  const argument = (index: number): ToolArgument => {
    const type = pick(Object.keys(defaults) as ToolArgument['type'][]);
    return {
      name: `arg.${index}`,
      type,
      description: maybe(text),
      required: below(2) === 0,
      default: maybe(defaults[type]),
    };
  };
  return {
    id: parseToolId('com.example.any'),
    name: line(),
    version: pick(['1.0.0', '0.0.1-alpha.1+b-1']),
    artifact: {
      wasm: maybe(() => pick(['a.wasm', 'dist/my tool.wasm'])),
      sha256: maybe(() => 'ab'.repeat(32) as NonNullable<ToolManifest['artifact']['sha256']>),
      signature: maybe(() => Buffer.alloc(64, below(256)).toString('base64')),
      signerPublicKey: maybe(() => Buffer.alloc(32, below(256)).toString('hex')),
    },
    description: maybe(text),
    arguments: Array.from({ length: below(4) }, (_, index) => argument(index)),
    inputSchema: maybe(() => ({ type: 'object', x: json(3) })),
    outputSchema: maybe(() => ({ x: json(2) })),
    annotations: maybe(() => ({ title: line(), readOnlyHint: below(2) === 0 })),
    request: {
      network: pick([[], ['*'], ['*.example.com', 'https://a.example.com:8443']]),
      fileSystem: pick<FileSystemAccess>(['none', 'read-only', 'sandbox']),
      asks: pick([[], ['user', 'model'], ['roots']]),
      environment: pick([[], ['A', 'B_2']]),
      mounts: pick<ToolManifest['request']['mounts']>([
        [],
        [
          { path: '/data', access: 'read-only', reason: undefined },
          { path: '/a b/ä', access: 'read-write', reason: 'Says "why"' },
        ],
      ]),
      // A credential is for a host of the list.
      credentials: [],
    },
    requestedLimits: {
      maxMemoryMb: 1 + below(4096),
      timeoutMs: 1 + below(3_600_000),
      maxFuel: maybe(() => 1 + below(1e15)),
    },
    build: { entry: pick(['src/tool.ts', 'lib/x.mts']) },
    component: maybe(() => ({ engine: line(), engineVersion: '1', size: 1 + below(1e7), sdk: maybe(line) })),
  };
}

test('what was rendered is parsed to the same value, and rendered to the same text', () => {
  for (let seed = 0; seed < 300; seed += 1) {
    const manifest = anyManifest(seed);
    const text = renderManifest(manifest);
    const parsed = parseManifest(text, `seed ${seed}`);
    expect(parsed).toEqual(manifest);
    expect(renderManifest(parsed)).toBe(text);
  }
});

test('credentials are written and read again', () => {
  const request = {
    ...noCapabilities,
    network: ['api.example.com'],
    credentials: [{ host: 'api.example.com', header: 'X-Key', value: `a "\${KEY}" b` }],
  };
  const text = renderManifest({ ...anyManifest(1), request });
  expect(parseManifest(text, 'tool.toml').request).toEqual(request);
});

test('the canonical form', () => {
  const text = `[tool]
id = "com.example.echo"
name = "Echo"
version = "1.0.0"
wasm = "echo.wasm"

[mcp]
description = "Says it again"
input_schema = '{"type":"object"}'

[[mcp.arguments]]
name = "text"
type = "string"
required = true

[security]
net_allow_list = ["api.example.com"]
fs_access = "sandbox"
max_memory_mb = 64
max_execution_ms = 5000

[component]
engine = "starlingmonkey"
engine_version = "0.23.0"
size = 12
`;
  expect(renderManifest(parseManifest(text, 'tool.toml'))).toBe(text);
});
