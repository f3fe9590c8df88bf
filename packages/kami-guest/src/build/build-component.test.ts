import { execFile } from 'node:child_process';
import { access, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { SourceMap } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProject, type Project, tsconfig } from '../../test/project.ts';
import { startComponent } from '../../test/run-component.ts';
import { BuildError, type BuildOptions, type BuildStep, buildComponent } from './index.ts';

const identity = { id: 'com.example.demo', name: 'demo', version: '1.2.3' };
// The first componentize on a machine compiles the engine, on a busy one slowly.
const slow = { timeout: 120_000 };
let cacheDir: string;

beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'kami-guest-cache-'));
});
afterAll(() => rm(cacheDir, { recursive: true, force: true }));

function build(project: Project, options: Partial<BuildOptions> = {}) {
  return buildComponent({
    projectDir: project.dir,
    entry: 'src/tool.ts',
    identity,
    outFile: 'dist/demo.wasm',
    cacheDir,
    ...options,
  });
}

async function failure(project: Project, options: Partial<BuildOptions> = {}): Promise<BuildError> {
  const error = await build(project, options).then(
    () => expect.fail('the build should have failed'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(BuildError);
  return error as BuildError;
}

const demo = `
import { content, kamiTool, text, ToolError } from 'kami-guest';
import { z } from 'zod';
import { double } from './double.ts';

console.log('loaded', { once: true });

function explode(): never {
  throw new Error('went wrong');
}

export default kamiTool({
  description: 'Doubles a number.',
  input: z.object({ n: z.number().max(100), how: z.string().default('plain') }),
  annotations: { readOnlyHint: true },
  handler: async ({ n, how }, ctx) => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    ctx.log.debug('n is', n);
    console.warn('asked by', ctx.tool.id);
    if (how === 'rich') return content([text('two times')], { structuredContent: { double: double(n) } });
    if (how === 'refuse') throw new ToolError('I will not.', { code: 'NO', data: { n } });
    if (how === 'explode') explode();
    if (how === 'bigint') return { deep: [1n] };
    if (how === 'nothing') return;
    if (how === 'abort') AbortSignal.abort(new Error('aborted')).throwIfAborted();
    return { double: double(n) };
  },
});
`;
const double = 'export const double = (n: number): number => n * 2;\n';

describe('a component', slow, () => {
  let project: Project;
  let result: Awaited<ReturnType<typeof build>>;
  let component: Awaited<ReturnType<typeof startComponent>>;
  const steps: BuildStep[] = [];

  beforeAll(async () => {
    project = await createProject({
      'src/tool.ts': demo,
      'src/double.ts': double,
      'tsconfig.json': tsconfig,
    });
    result = await build(project, { onProgress: (step) => void steps.push(step) });
    component = await startComponent(await readFile(result.outFile));
  }, slow.timeout);
  afterAll(async () => {
    await component[Symbol.asyncDispose]();
    await project[Symbol.asyncDispose]();
  });

  it('is reported with all that went in', async () => {
    expect(result).toMatchObject({
      outFile: join(project.dir, 'dist/demo.wasm'),
      sourceMapFile: join(project.dir, 'dist/demo.wasm.map'),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      size: (await readFile(result.outFile)).byteLength,
      engine: { name: 'starlingmonkey', version: expect.stringMatching(/^\d+\.\d+\.\d+$/) },
      inputs: [
        { path: 'src/double.ts', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
        { path: 'src/tool.ts', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      ],
      warnings: [],
      typeChecked: 'checked',
    });
    expect(steps).toEqual(['bundle', 'type-check', 'componentize', 'write']);
  });

  it('describes itself', () => {
    expect(JSON.parse(component.describe())).toMatchObject({
      ...identity,
      description: 'Doubles a number.',
      inputSchema: { type: 'object', properties: { n: { type: 'number', maximum: 100 } }, required: ['n'] },
      annotations: { readOnlyHint: true },
      sdk: { name: 'kami-guest' },
      convention: 'kami:result/1',
    });
  });

  it('imports the host, WASI, and no HTTP server', () => {
    expect(component.imports.filter((name) => !name.startsWith('wasi:'))).toEqual(['kami:tool/host']);
    expect(component.imports).toContain('wasi:http/outgoing-handler');
    expect(component.imports).not.toContain('wasi:http/incoming-handler');
  });

  it.each([
    ['a value', { n: 4 }, { value: { double: 8 } }],
    [
      'rich content',
      { n: 4, how: 'rich' },
      { content: [{ type: 'text', text: 'two times' }], structuredContent: { double: 8 } },
    ],
    ['nothing', { n: 1, how: 'nothing' }, {}],
  ])('answers with %s', (_, input, envelope) => {
    expect(component.run(JSON.stringify(input))).toEqual({ ok: JSON.stringify(envelope) });
  });

  it.each([
    [
      'a ToolError',
      '{"n":1,"how":"refuse"}',
      { kind: 'tool-error', message: 'I will not.', code: 'NO', data: { n: 1 } },
    ],
    ['another error', '{"n":1,"how":"explode"}', { kind: 'exception', message: 'went wrong' }],
    ['an abort', '{"n":1,"how":"abort"}', { kind: 'exception', message: 'aborted' }],
    ['input beyond the schema', '{"n":101}', { kind: 'invalid-input', data: { issues: [{ path: 'n' }] } }],
    ['input that is no JSON', '{', { kind: 'invalid-input' }],
    [
      'output that is no JSON',
      '{"n":1,"how":"bigint"}',
      { kind: 'invalid-output', message: "JSON can't carry deep[0] (bigint)." },
    ],
  ])('fails cleanly on %s, and answers the next call', (_, input, envelope) => {
    const outcome = component.run(input);
    expect(outcome).toHaveProperty('err');
    expect(JSON.parse('err' in outcome ? outcome.err : '')).toMatchObject(envelope);
    expect(component.run('{"n":1}')).toEqual({ ok: '{"value":{"double":2}}' });
  });

  it('logs what its top-level code, its handler and its errors have to say', () => {
    const before = component.lines.length;
    component.run('{"n":3,"how":"explode"}');
    const lines = component.lines.slice(before);
    expect(lines.slice(0, 3)).toEqual([
      'info loaded {"once":true}',
      'debug n is 3',
      'warn asked by com.example.demo',
    ]);
    expect(lines[3]).toMatch(/^debug Error: went wrong\nexplode@tool\.js:\d+:\d+\n/);
    expect(lines).toHaveLength(4);
  });

  it('has stack traces that lead to the source, and tell nothing of the machine', async () => {
    const before = component.lines.length;
    component.run('{"n":3,"how":"explode"}');
    const trace = component.lines.slice(before).join('\n');
    expect(trace).not.toMatch(/initializer|\/tmp|node_modules/);
    const [, line, column] = /explode@tool\.js:(\d+):(\d+)/.exec(trace) ?? [];
    const map = new SourceMap(JSON.parse(await readFile(result.sourceMapFile, 'utf8')));
    expect(map.findEntry(Number(line) - 1, Number(column) - 1)).toMatchObject({
      originalSource: '../src/tool.ts',
      originalLine: demo.split('\n').findIndex((text) => text.includes("throw new Error('went wrong')")),
    });
    const bytes = (await readFile(result.outFile)).toString('latin1');
    expect(bytes).not.toContain(project.dir);
    expect(bytes).not.toContain(process.cwd());
  });

  it('is not made again when nothing changed', async () => {
    const again: BuildStep[] = [];
    const rebuilt = await build(project, { onProgress: (step) => void again.push(step) });
    expect(rebuilt).toEqual({ ...result, fromCache: true, unchanged: true });
    expect(again).toEqual(['bundle', 'type-check']);
  });

  it('comes from the cache where the file is gone or is another', async () => {
    for (const spoil of [() => rm(result.outFile), () => writeFile(result.outFile, 'another')]) {
      await spoil();
      const again: BuildStep[] = [];
      const rebuilt = await build(project, { onProgress: (step) => void again.push(step) });
      expect(rebuilt).toEqual({ ...result, fromCache: true, unchanged: false });
      expect(again).toEqual(['bundle', 'type-check', 'write']);
    }
  });

  it('keeps its bytes when only a comment moves, but not its source map', async () => {
    const map = await readFile(result.sourceMapFile, 'utf8');
    await project.write('src/tool.ts', `// A comment.\n${demo}`);
    const rebuilt = await build(project);
    await project.write('src/tool.ts', demo);
    expect(rebuilt).toMatchObject({ sha256: result.sha256, unchanged: true });
    expect(await readFile(result.sourceMapFile, 'utf8')).not.toBe(map);
  });

  it('is made again when the cached one is damaged, or its identity changes', async () => {
    const cached = (await readdir(cacheDir)).filter((name) => name.endsWith('.wasm'));
    for (const name of cached) await writeFile(join(cacheDir, name), 'damaged');
    await rm(result.outFile);
    const rebuilt = await build(project);
    expect(rebuilt.fromCache).toBe(false);
    await using remade = await startComponent(await readFile(rebuilt.outFile));
    expect(remade.run('{"n":1}')).toEqual({ ok: '{"value":{"double":2}}' });

    const next = await build(project, { identity: { ...identity, version: '2.0.0' } });
    expect(next.fromCache).toBe(false);
    await using other = await startComponent(await readFile(next.outFile));
    expect(JSON.parse(other.describe())).toMatchObject({ version: '2.0.0' });
  });
});

it('builds with every schema library', slow, async () => {
  await using project = await createProject({
    'src/tool.ts': `
      import { kamiTool, withJsonSchema } from 'kami-guest';
      import { toStandardJsonSchema } from '@valibot/to-json-schema';
      import * as v from 'valibot';
      import * as mini from 'zod/mini';
      export const other = kamiTool({
        description: 'x',
        input: withJsonSchema(mini.object({ a: mini.string() }), mini.toJSONSchema),
        handler: ({ a }) => a,
      });
      export default kamiTool({
        description: 'x',
        input: toStandardJsonSchema(v.object({ a: v.optional(v.string(), 'b') })),
        handler: ({ a }) => other.call({ a }),
      });`,
  });
  const { outFile, typeChecked } = await build(project);
  expect(typeChecked).toBe('skipped: the project has no tsconfig.json');
  await using component = await startComponent(await readFile(outFile));
  expect(component.run('{}')).toEqual({ ok: '{"value":"b"}' });
  expect(component.run('{"a":1}')).toHaveProperty('err');
});

it('leaves stdout and stderr to its caller', slow, async () => {
  await using project = await createProject({
    'src/tool.ts': `console.log('loud');\nthrow new Error('broken');\nexport default 1;\n`,
    'build.ts': `
      import { buildComponent } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)};
      await buildComponent(${JSON.stringify({ projectDir: '.', entry: 'src/tool.ts', identity, outFile: 'a.wasm', cacheDir })}).catch(
        (error) => process.stdout.write(error.code),
      );`,
  });
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['build.ts'], { cwd: project.dir });
  expect({ stdout, stderr }).toEqual({ stdout: 'initialise', stderr: '' });
});

describe('a build fails', slow, () => {
  it('without its entry', async () => {
    await using project = await createProject({});
    expect(await failure(project)).toMatchObject({
      code: 'no-entry',
      message: expect.stringContaining('src/tool.ts'),
    });
  });

  it('without a default export', async () => {
    await using project = await createProject({ 'src/tool.ts': 'export const tool = 1;\n' });
    expect(await failure(project)).toMatchObject({
      code: 'not-a-tool',
      message: 'src/tool.ts has no default export.',
      fix: expect.stringContaining('export default kamiTool'),
      diagnostics: [{ file: 'src/tool.ts' }],
    });
  });

  it('with a default export that is no tool', async () => {
    await using project = await createProject({ 'src/tool.ts': 'const a = 1;\nexport default { a };\n' });
    expect(await failure(project)).toMatchObject({
      code: 'not-a-tool',
      message: 'The default export of src/tool.ts is not a tool.',
      diagnostics: [{ file: 'src/tool.ts', line: 2 }],
    });
  });

  it('with a module of Node, naming who imports it and what to use', async () => {
    await using project = await createProject({
      'src/tool.ts': `import { load } from './load.ts';\nexport default load;\n`,
      'src/load.ts': `// é\nimport { readFileSync } from 'node:fs';\nexport const load = readFileSync;\n`,
    });
    const error = await failure(project);
    expect(error).toMatchObject({
      code: 'node-builtin',
      message: 'src/load.ts:2 imports "node:fs", a module of Node. A tool runs in a sandbox without Node.',
      fix: expect.stringContaining('input'),
      diagnostics: [{ file: 'src/load.ts', line: 2, column: 30, severity: 'error' }],
    });
    expect(error.diagnostics[0]?.frame).toContain(`> 2 | import { readFileSync } from 'node:fs';\n`);
  });

  it('with a module of Node inside of a package, naming the package', async () => {
    await using project = await createProject({
      'src/tool.ts': `import { x } from './lib/node_modules/needy/index.js';\nexport default x;\n`,
      'src/lib/node_modules/needy/index.js': `import net from 'net';\nexport const x = net;\n`,
    });
    expect(await failure(project)).toMatchObject({
      code: 'node-builtin',
      message: expect.stringContaining('src/lib/node_modules/needy/index.js:1 imports "net"'),
      fix: expect.stringMatching(
        /^The package that holds .* needs Node\. Choose one that also runs in browsers/,
      ),
    });
  });

  it('with a package that is not installed, or a file that is not there', async () => {
    await using project = await createProject({
      'src/tool.ts': `import x from '@acme/not-there/sub';\nexport default x;\n`,
    });
    expect(await failure(project)).toMatchObject({
      code: 'bundle',
      message: expect.stringContaining('The package "@acme/not-there" is not installed.'),
      fix: 'npm install @acme/not-there',
      diagnostics: [{ file: 'src/tool.ts', line: 1, column: 15 }],
    });
    await project.write('src/tool.ts', `import x from './gone.ts';\nexport default x;\n`);
    expect(await failure(project)).toMatchObject({
      code: 'bundle',
      message: expect.stringContaining('The file "./gone.ts" does not exist.'),
      fix: 'Correct src/tool.ts:1.',
    });
  });

  it('with a syntax error', async () => {
    await using project = await createProject({ 'src/tool.ts': 'const a = ;\nexport default a;\n' });
    expect(await failure(project)).toMatchObject({
      code: 'bundle',
      diagnostics: [{ file: 'src/tool.ts', line: 1, column: 11, message: 'Unexpected ";"' }],
    });
  });

  it('with a type error, unless types are not to be checked', async () => {
    await using project = await createProject({
      'tsconfig.json': tsconfig,
      'src/tool.ts': `import { kamiTool } from 'kami-guest';
export default kamiTool({
  description: 'x',
  input: { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] },
  handler: ({ n }) => n.toUpperCase(),
});
`,
    });
    const error = await failure(project);
    expect(error).toMatchObject({
      code: 'type-check',
      message: expect.stringContaining('the first at src/tool.ts:5'),
      diagnostics: [{ file: 'src/tool.ts', line: 5, column: 25, code: 'TS2339', severity: 'error' }],
    });
    expect(error.diagnostics[0]?.frame).toContain('> 5 |   handler: ({ n }) => n.toUpperCase(),');
    expect(await failure(project), 'the second time too').toMatchObject({ code: 'type-check' });
    expect(await build(project, { typeCheck: false })).toMatchObject({ typeChecked: 'skipped: turned off' });
  });

  it('when top-level code throws, at the line of the author', async () => {
    await using project = await createProject({
      'src/tool.ts': `import { load } from './load.ts';\n\nexport default load(undefined);\n`,
      'src/load.ts': `export interface Config {\n  readonly size: number;\n}\n\nexport function load(config: Config | undefined): number {\n  if (config === undefined) throw new RangeError('no config');\n  return config.size;\n}\n`,
    });
    const error = await failure(project);
    expect(error).toMatchObject({
      code: 'initialise',
      message: 'The top-level code at src/load.ts:6 threw RangeError: no config',
      diagnostics: [{ file: 'src/load.ts', line: 6, column: 35, message: 'RangeError: no config' }],
    });
    await expect(access(join(project.dir, 'dist/demo.wasm'))).rejects.toThrow();
  });

  it('when the definition is wrong, at the line of kamiTool()', async () => {
    await using project = await createProject({
      'src/tool.ts': `import { kamiTool } from 'kami-guest';\nimport { z } from 'zod';\nexport default kamiTool({\n  description: 'x',\n  input: z.object({ at: z.date() }),\n  handler: () => 1,\n});\n`,
    });
    expect(await failure(project)).toMatchObject({
      code: 'initialise',
      message: expect.stringMatching(
        /^The tool at src\/tool\.ts:3 is not well defined: input can't be written as JSON Schema/,
      ),
      diagnostics: [{ file: 'src/tool.ts', line: 3 }],
    });
  });

  it.each([
    ['does not end', 'for (;;);', /did not end within 3 s/],
    ['awaits for ever', 'await new Promise(() => {});', /A top-level await never ends/],
    [
      'asks for random numbers',
      'crypto.randomUUID();',
      /asks for random numbers, which works only while the tool runs/,
    ],
    [
      'fetches',
      "await fetch('https://example.com');",
      /src\/tool\.ts:2 threw TypeError: fetch can only be used during request handling/,
    ],
  ])('when top-level code %s', async (_, code, message) => {
    await using project = await createProject({
      'src/tool.ts': `import { kamiTool } from 'kami-guest';\n${code}\nexport default kamiTool({ description: 'x', input: { type: 'object' }, handler: () => 1 });\n`,
    });
    const error = await failure(project, code.startsWith('for') ? { initialiseTimeoutMs: 3_000 } : {});
    expect(error).toMatchObject({ code: 'initialise', message: expect.stringMatching(message) });
  });
});
