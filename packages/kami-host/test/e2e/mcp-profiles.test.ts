import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { isolations } from '../../src/model/isolation.ts';
import { exampleFolders } from '../fixtures/guests.ts';
import { runJson, runKami } from '../fixtures/kami-command.ts';
import { type Connection, connect, costOf, eras, protocolError, textOf } from '../fixtures/mcp-client.ts';
import { type TempFolder, tempFolder } from '../fixtures/temp-folder.ts';
import { installWatTools } from '../fixtures/wat-package.ts';
import { honestTools } from '../fixtures/wat-tools.ts';

// Each step is a process of its own.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const { parrot, shout, refusal } = honestTools;
let data: TempFolder;
let options: { readonly dataDir: string };
beforeAll(async () => {
  data = await tempFolder();
  options = { dataDir: data.path };
  await installWatTools({ parrot, shout, refusal }, options);
});
afterAll(() => data[Symbol.asyncDispose]());

/** Writes the configuration file that the commands find. */
const configure = (text: string) => configureIn(data.path, text);
async function configureIn(folder: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'kami.toml'), text);
}
const namesOf = async ({ client }: Connection) =>
  (await client.listTools(undefined, { cacheMode: 'bypass' })).tools.map(({ name }) => name);

describe('what is served', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['all', [], ['parrot', 'refusal', 'shout']],
    ['an id', ['--only', 'test.wat.parrot'], ['parrot']],
    ['a name and an id', ['--only', 'test_wat_parrot, test.wat.shout'], ['parrot', 'shout']],
    ['all below a name', ['--only', 'test.wat.*'], ['parrot', 'refusal', 'shout']],
    [
      'two that are given apart',
      ['--only', 'test.wat.shout', '--only', 'test.wat.parrot'],
      ['parrot', 'shout'],
    ],
    ['all but two', ['--except', 'test.wat.shout', '--except', 'test.wat.parrot'], ['refusal']],
    [
      'the last profile',
      ['--profile', 'none', '--profile', 'two', '--transport', 'stdio'],
      ['parrot', 'shout'],
    ],
    ['all but one', ['--except', 'test_wat_refusal'], ['parrot', 'shout']],
    ['both', ['--only', 'test.*', '--except', 'test.wat.shout,test.wat.refusal'], ['parrot']],
    ['a profile', ['--profile', 'two'], ['parrot', 'shout']],
    ['less than a profile', ['--profile', 'two', '--except', 'test.wat.shout'], ['parrot']],
    ['nothing beyond a profile', ['--profile', 'two', '--only', 'test.wat.refusal'], []],
  ])('is %s', async (_what, flags, expected) => {
    await configure('[profiles.two]\nonly = ["test.wat.*"]\nexcept = ["test_wat_refusal"]\n');
    await using server = await connect(options, 'modern', flags);
    expect(await namesOf(server)).toEqual(expected.map((name) => `test_wat_${name}`));
  });

  it.each(eras)('is all that can be called, by any name (%s)', async (era) => {
    await using server = await connect(options, era, ['--only', 'test.wat.parrot']);
    for (const name of ['test_wat_shout', 'test.wat.shout', 'no_such_tool']) {
      const error = await protocolError(server.call(name, {}));
      expect([error.code, error.message]).toEqual([
        -32_602,
        expect.stringContaining(`There is no tool "${name}"`),
      ]);
    }
    expect(textOf(await server.call('test.wat.parrot', { text: 'x' }))).toContain('x');
  });

  it('follows what is installed later', async () => {
    await using server = await connect(options, 'modern', [
      '--except',
      'test.wat.parrot',
      '--only',
      'test.*',
    ]);
    await installWatTools({ late: shout }, options);
    expect(await namesOf(server)).toContain('test_wat_late');
    expect((await runKami(['uninstall', 'test.wat.late'], options)).exitCode).toBe(0);
  });
});

describe('an alias', () => {
  const aliases = '[profiles.named.aliases]\nsay = "test.wat.parrot"\nAa_zz-9 = "test.wat.shout"\n';

  it.each(eras)('is the name that clients see and call (%s)', async (era) => {
    await configure(aliases);
    await using server = await connect(options, era, ['--profile', 'named']);
    expect(await namesOf(server)).toEqual(['Aa_zz-9', 'say', 'test_wat_refusal']);
    expect(textOf(await server.call('say', { text: 'hello' }))).toContain('hello');
    expect(textOf(await server.call('test.wat.parrot', { text: 'by id' }))).toContain('by id');
    expect((await protocolError(server.call('test_wat_parrot', { text: 'x' }))).code).toBe(-32_602);
  });

  it('never is the name of another tool: not of one that is there, and not of one that comes', async () => {
    await configure('[profiles.named.aliases]\ntest_wat_shout = "test.wat.parrot"\n');
    const refused = await runJson<{ error: { code: string; message: string } }>(
      ['serve', '--profile', 'named'],
      options,
    );
    expect(refused.exitCode).toBe(1);
    expect(refused.json.error).toMatchObject({
      code: 'KAMI_ALIAS_TAKEN',
      message: expect.stringContaining('that is the name of test.wat.shout'),
    });

    await configure('[profiles.named.aliases]\ntest_wat_squatter = "test.wat.parrot"\n');
    await using server = await connect(options, 'modern', ['--profile', 'named']);
    await installWatTools({ squatter: shout }, options);
    expect((await namesOf(server)).filter((name) => name.includes('squatter'))).toHaveLength(1);
    expect(textOf(await server.call('test_wat_squatter', { text: 'still me' }))).toContain('still me');
    expect((await protocolError(server.call('test.wat.squatter', {}))).code).toBe(-32_602);
    await vi.waitFor(() => expect(server.stderr()).toContain('test.wat.squatter is not served'));
    expect((await runKami(['uninstall', 'test.wat.squatter'], options)).exitCode).toBe(0);
  });
});

describe('a slip', () => {
  const valid = '[profiles.work]\nonly = ["test.wat.parrot"]\n';
  it.each<[string, string, readonly string[], { code: string; message: string }]>([
    [
      'in --profile',
      valid,
      ['--profile', 'wrok'],
      { code: 'KAMI_PROFILE_NOT_FOUND', message: 'Did you mean work?' },
    ],
    [
      'in --profile, without any',
      '',
      ['--profile', 'work'],
      { code: 'KAMI_PROFILE_NOT_FOUND', message: 'None is set up.' },
    ],
    [
      'in --only',
      '',
      ['--only', 'test.wat.parot'],
      { code: 'KAMI_TOOL_NOT_FOUND', message: 'Did you mean test.wat.parrot?' },
    ],
    [
      'in --except',
      '',
      ['--except', 'dev.parrot'],
      {
        code: 'KAMI_TOOL_NOT_FOUND',
        message: '--except: There is no installed tool "dev.parrot". Did you mean test.wat.parrot?',
      },
    ],
    [
      'in a name with all below it',
      '',
      ['--except', 'tset.wat.*'],
      { code: 'KAMI_TOOL_NOT_FOUND', message: '"tset.wat.*"' },
    ],
    ['that is nothing', '', ['--only', ' ,'], { code: 'KAMI_USAGE', message: '--only names no tool.' }],
    [
      'in only',
      '[profiles.w]\nonly = ["test.wat.parott"]',
      ['--profile', 'w'],
      { code: 'KAMI_TOOL_NOT_FOUND', message: 'Profile w, only: ' },
    ],
    [
      'in an alias',
      '[profiles.w.aliases]\na = "test.wat.shot"',
      ['--profile', 'w'],
      { code: 'KAMI_TOOL_NOT_FOUND', message: 'Did you mean test.wat.shout?' },
    ],
    [
      'in grants',
      '[profiles.w.grants]\n"test.wat.shot" = []',
      ['--profile', 'w'],
      { code: 'KAMI_TOOL_NOT_FOUND', message: 'Did you mean test.wat.shout?' },
    ],
    [
      'in the file',
      '[profiles.w]\nonyl = []',
      [],
      { code: 'KAMI_CONFIG_INVALID', message: 'Did you mean only?' },
    ],
  ])('%s ends the server before it serves', async (_where, config, flags, { code, message }) => {
    await configure(config);
    const run = await runJson<{ error: { code: string; message: string } }>(['serve', ...flags], options);
    expect(run.exitCode).toBe(code === 'KAMI_USAGE' ? 2 : 1);
    expect(run.json.error).toMatchObject({ code, message: expect.stringContaining(message) });
    await configure('');
  });
});

describe('what is left of a grant in a profile', () => {
  const id = 'dev.kami.http-fetch';
  const folder = exampleFolders().find((path) => basename(path) === 'http-fetch') ?? '';
  let wide: TestServer;
  let narrow: TestServer;
  let own: TempFolder;
  let at: { readonly dataDir: string };
  beforeAll(async () => {
    [wide, narrow] = [await startServer(), await startServer()];
    own = await tempFolder();
    at = { dataDir: own.path };
    const grants = [wide, narrow].flatMap(({ origin }) => ['--grant', `net=${origin}`]);
    const run = await runKami(['install', folder, ...grants, '--grant', 'memory=256'], at);
    expect(run.exitCode, run.stderr).toBe(0);
  });
  afterAll(async () => {
    for (const { server } of [wide, narrow]) server.close();
    await own[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    wide.requests = 0;
    narrow.requests = 0;
  });
  afterEach(() => configureIn(own.path, ''));

  const profile = (...items: readonly string[]) =>
    configureIn(own.path, `[profiles.tight.grants]\n"${id}" = ${JSON.stringify(items)}\n`);

  it.each(isolations)(
    'is all that a tool may do: a host that only the stored grant allows is refused (%s)',
    async (isolation) => {
      await profile(`net=${narrow.origin}`);
      const env = { KAMI_RUNTIME_ISOLATION: isolation };
      await using server = await connect({ ...at, env }, 'modern', ['--profile', 'tight']);
      const allowed = await server.call('dev_kami_http-fetch', { url: narrow.origin });
      expect(allowed.isError).toBeFalsy();
      const refused = await server.call('dev_kami_http-fetch', { url: wide.origin });
      expect(refused.isError).toBe(true);
      expect(costOf(refused).refusals).toMatchObject([{ capability: 'network', subject: wide.origin }]);
      expect([wide.requests, narrow.requests]).toEqual([0, 1]);
      // Without the profile both are reached: it is the profile that refused.
      await using whole = await connect({ ...at, env });
      expect((await whole.call('dev_kami_http-fetch', { url: wide.origin })).isError).toBeFalsy();
      expect(wide.requests).toBe(1);
    },
  );

  it('never is more than was granted, whatever the profile names; that is told', async () => {
    const third = await startServer();
    try {
      await profile(`net=${third.origin}`, 'net=*', 'fs=sandbox', 'memory=512');
      await using server = await connect(at, 'modern', ['--profile', 'tight']);
      for (const { origin } of [third, wide, narrow]) {
        expect((await server.call('dev_kami_http-fetch', { url: origin })).isError).toBe(true);
      }
      expect([third.requests, wide.requests, narrow.requests]).toEqual([0, 0, 0]);
      for (const item of [`net=${third.origin}`, 'net=*', 'fs=sandbox', 'memory=512']) {
        expect(server.stderr()).toContain(`profile tight names ${item} for ${id}, which it was not granted`);
      }
    } finally {
      third.server.close();
    }
  });

  it('follows what is revoked while the server runs', async () => {
    await profile(`net=${narrow.origin}`);
    await using server = await connect(at, 'modern', ['--profile', 'tight']);
    const call = () => server.call('dev_kami_http-fetch', { url: narrow.origin });
    expect((await call()).isError).toBeFalsy();
    await runKami(['revoke', id, `net=${narrow.origin}`], at);
    expect((await call()).isError).toBe(true);
    await runKami(['grant', id, `net=${narrow.origin}`], at);
    expect((await call()).isError).toBeFalsy();
  });

  it('decides what clients are told, and kami list --profile shows it', async () => {
    await profile();
    await using server = await connect(at, 'modern', ['--profile', 'tight']);
    const { tools } = await server.client.listTools();
    expect(tools[0]?.annotations).toMatchObject({ readOnlyHint: true, openWorldHint: false });
    await using whole = await connect(at);
    expect((await whole.client.listTools()).tools[0]?.annotations).toMatchObject({ openWorldHint: true });

    const { json } = await runJson<object>(['list', '--profile', 'tight'], at);
    expect(json).toMatchObject({
      tools: [
        { mcpName: 'dev_kami_http-fetch', id, annotations: { readOnlyHint: true, openWorldHint: false } },
      ],
      total: 1,
    });
    const { stdout } = await runKami(['list', '--profile', 'tight'], at);
    expect(stdout).toMatch(/dev_kami_http-fetch +dev\.kami\.http-fetch +changes nothing, reaches nobody/);
    const config = await runJson<object>(['config'], at);
    expect(config.json).toMatchObject({ profiles: [{ name: 'tight', line: 1, grants: { [id]: [] } }] });
  });
});

interface TestServer {
  readonly origin: string;
  readonly server: Server;
  requests: number;
}

async function startServer(): Promise<TestServer> {
  const server = createServer((_request, response) => {
    started.requests += 1;
    response.end('hello');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const started = { origin: `http://127.0.0.1:${port}`, server, requests: 0 };
  return started;
}
