import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createGrant } from '../../src/model/grant.ts';
import { parseGrantItem } from '../../src/model/grant-item.ts';
import { parseToolId } from '../../src/model/ids.ts';
import { sampleTool } from '../../src/registry/fixtures/sample-tool.ts';
import { openRegistry, type Registry } from '../../src/registry/open-registry.ts';
import { runJson, runKami } from '../fixtures/kami-command.ts';
import { type Connection, connect, type Era, eras, protocolError } from '../fixtures/mcp-client.ts';
import { startRawServer } from '../fixtures/raw-server.ts';
import { type TempFolder, tempFolder } from '../fixtures/temp-folder.ts';
import { installWatTools } from '../fixtures/wat-package.ts';
import { honestTools } from '../fixtures/wat-tools.ts';

// Each step is a process of its own.
vi.setConfig({ testTimeout: 120_000 });

let data: TempFolder;
let options: { readonly dataDir: string };
beforeEach(async () => {
  data = await tempFolder();
  options = { dataDir: data.path };
});
afterEach(() => data[Symbol.asyncDispose]());

const kami = async (...args: readonly string[]) => {
  const run = await runKami(args, options);
  expect(run.exitCode, run.stderr).toBe(0);
  return run;
};

/** The registry as another process has it open. */
async function withRegistry(work: (registry: Registry) => void): Promise<void> {
  const registry = await openRegistry(`${data.path}/registry.db`);
  try {
    work(registry);
  } finally {
    registry.close();
  }
}

/** Tools that are listed and can't be called: they have no component. */
const register = (...ids: readonly string[]) =>
  withRegistry(({ tools }) =>
    tools.transaction(() => {
      for (const id of ids) tools.insert(sampleTool(id, { assets: undefined }));
    }),
  );
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `dev.many.tool-${String(from + index).padStart(3, '0')}`);
const namesOf = async ({ client }: Connection) =>
  (await client.listTools(undefined, { cacheMode: 'bypass' })).tools.map(({ name }) => name);

describe.each(eras)('a list of many tools, asked for in the %s protocol generation', (era) => {
  it('comes in pages, in the order of the names, each tool once', async () => {
    const ids = numbered(0, 250);
    await register(...ids.toReversed());
    await using server = await connect(options, era);
    const names = ids.map((id) => id.replaceAll('.', '_'));
    expect(await namesOf(server)).toEqual(names);
    const first = await server.client.listTools({});
    expect(first.tools).toHaveLength(250);
    const last = 'YWZ0ZXI6ZGV2X21hbnlfdG9vbC0yNDk';
    expect((await server.client.listTools({ cursor: last })).tools).toEqual([]);
  });

  it('refuses a cursor that it did not give', async () => {
    await register(...numbered(0, 3));
    await using server = await connect(options, era);
    const foreign = [
      'x',
      'YWZ0ZXI6',
      `YWZ0ZXI6Y${'Q'.repeat(500)}`,
      'YWZ0ZXI6ZGV2==',
      'YmVmb3JlOmE',
      '100',
      '{"a":1}',
    ];
    for (const cursor of foreign) {
      expect((await protocolError(server.client.listTools({ cursor }))).code, cursor).toBe(-32_602);
    }
  });
});

it('tools that come and go between two pages move no other to another page', async () => {
  const ids = numbered(0, 250);
  await register(...ids);
  await using server = await startRawServer(options);
  const page = async (cursor?: unknown) => {
    const { result } = await server.request('tools/list', cursor === undefined ? {} : { cursor });
    const tools = result?.tools as readonly { readonly name: string }[];
    return { names: tools.map(({ name }) => name), next: result?.nextCursor };
  };
  const first = await page();
  expect(first.names).toHaveLength(100);
  // The last of the first page, some before it, one of the second; and new ones on both.
  await withRegistry(({ tools }) => {
    for (const index of [3, 4, 99, 120]) tools.delete(ids[index] ?? '');
  });
  await register('dev.many.a-new-one', 'dev.many.tool-150-b');
  const second = await page(first.next);
  const third = await page(second.next);
  expect(third.next).toBeUndefined();
  const left = ids.filter((_, index) => index >= 100 && index !== 120);
  const expected = [...left, 'dev.many.tool-150-b'].map((id) => id.replaceAll('.', '_')).toSorted();
  expect([...second.names, ...third.names]).toEqual(expected);
});

it("a list says how long it may be kept, and that it is nobody else's, to those who know what that means", async () => {
  await register(...numbered(0, 2));
  const hints = async (era: Era) => {
    await using server = await connect(options, era);
    const { client } = server;
    const lists = await Promise.all([
      client.listTools({}),
      client.listPrompts({}),
      client.listResources({}),
      client.listResourceTemplates({}),
    ]);
    return lists.map(({ ttlMs, cacheScope }) => [ttlMs, cacheScope]);
  };
  expect(await hints('modern')).toEqual(Array(4).fill([30_000, 'private']));
  expect(await hints('legacy')).toEqual(Array(4).fill([undefined, undefined]));
});

describe.each(eras)('a client of the %s protocol generation', (era) => {
  /** A client that counts what it is told, after the server has settled. */
  async function listening(flags: readonly string[] = []) {
    const told = { times: 0 };
    const onChanged = () => {
      told.times += 1;
    };
    const server = await connect(options, era, flags, undefined, {
      tools: { onChanged, autoRefresh: false, debounceMs: 0 },
    });
    await namesOf(server);
    await sleep(1_000);
    return { server, told };
  }
  const toBeTold = (told: { readonly times: number }, times: number) =>
    vi.waitFor(() => expect(told.times).toBe(times), { timeout: 30_000, interval: 20 });

  it('is told of every change that another process makes to what it sees', async () => {
    const { parrot, shout } = honestTools;
    await installWatTools({ parrot }, options);
    const { server, told } = await listening();
    await using _ = server;
    const annotations = async () => {
      const { tools } = await server.client.listTools(undefined, { cacheMode: 'bypass' });
      return tools.find(({ name }) => name === 'test_wat_parrot')?.annotations;
    };
    await installWatTools({ shout }, options);
    await toBeTold(told, 1);
    expect(await namesOf(server)).toEqual(['test_wat_parrot', 'test_wat_shout']);
    await kami('uninstall', 'test.wat.shout');
    await toBeTold(told, 2);
    expect(await annotations()).toMatchObject({ readOnlyHint: true, openWorldHint: false });
    await kami('grant', 'test.wat.parrot', 'net=a.example');
    await toBeTold(told, 3);
    expect(await annotations()).toMatchObject({ readOnlyHint: true, openWorldHint: true });
    await kami('revoke', 'test.wat.parrot', 'net');
    await toBeTold(told, 4);
    expect(await annotations()).toMatchObject({ readOnlyHint: true, openWorldHint: false });
  });

  it('is told of nothing that it does not see', async () => {
    const { parrot, shout } = honestTools;
    await installWatTools({ parrot }, options);
    const { server, told } = await listening(['--only', 'test.wat.parrot']);
    await using _ = server;
    await installWatTools({ shout }, options);
    await kami('grant', 'test.wat.shout', 'net=a.example');
    await kami('grant', 'test.wat.parrot', 'memory=100');
    await runKami(['secret', 'set', 'test.wat.parrot', 'KEY'], { ...options, input: 'value\n' });
    await server.call('test_wat_parrot', { text: 'x' });
    // The next one that it sees is the first that it is told of.
    await kami('grant', 'test.wat.parrot', 'net=a.example');
    await toBeTold(told, 1);
    await sleep(500);
    expect(told.times).toBe(1);
  });

  it('is told once of many changes that come together', async () => {
    await register('dev.many.first');
    const { server, told } = await listening();
    await using _ = server;
    await register(...numbered(0, 120));
    await vi.waitFor(() => expect(told.times).toBeGreaterThan(0), { timeout: 30_000 });
    expect(await namesOf(server)).toHaveLength(121);
    expect(told.times).toBe(1);
  });
});

it('a client of the newer generation that subscribed to nothing is told nothing', async () => {
  await register('dev.many.first');
  await using server = await connect(options, 'modern');
  const heard: string[] = [];
  server.client.fallbackNotificationHandler = async ({ method }) => void heard.push(method);
  await namesOf(server);
  await register('dev.many.second');
  await sleep(1_500);
  expect(await namesOf(server)).toHaveLength(2);
  expect(heard).toEqual([]);
});

it('a claim that contradicts the grant is corrected, told in the log once, and shown by kami inspect', async () => {
  const claims = { readOnlyHint: true, openWorldHint: false, destructiveHint: false };
  await withRegistry(({ tools, grants }) => {
    const by = { by: 'ada', at: new Date(0) };
    for (const name of ['free', 'bound']) {
      tools.insert(sampleTool(`dev.claims.${name}`, { assets: undefined, annotations: claims }));
    }
    grants.save(
      parseToolId('dev.claims.free'),
      createGrant(['fs=sandbox', 'net=a.example'].map(parseGrantItem), by),
    );
  });
  await using server = await connect(options);
  const { tools } = await server.client.listTools();
  await server.client.listTools(undefined, { cacheMode: 'bypass' });
  expect(tools.map(({ name, annotations }) => [name, annotations])).toEqual([
    ['dev_claims_bound', { title: 'Sample', ...claims, idempotentHint: true }],
    [
      'dev_claims_free',
      { title: 'Sample', readOnlyHint: false, destructiveHint: false, openWorldHint: true },
    ],
  ]);
  const said = (hint: string) => server.stderr().split(`dev.claims.free says ${hint}`).length - 1;
  await vi.waitFor(() => expect([said('readOnlyHint'), said('openWorldHint')]).toEqual([1, 1]));
  expect(server.stderr()).not.toContain('dev.claims.bound');

  const { stdout } = await kami('inspect', 'dev.claims.free');
  expect(stdout).toMatch(/Told to clients +may change something, destroys nothing, reaches others/);
  expect(stdout).toContain('dev.claims.free says readOnlyHint: true, but it may write to /sandbox');
  const { json } = await runJson<object>(['inspect', 'dev.claims.free'], options);
  expect(json).toMatchObject({
    annotations: claims,
    enforcedAnnotations: { readOnlyHint: false, openWorldHint: true },
    corrections: [{ hint: 'readOnlyHint' }, { hint: 'openWorldHint' }],
  });
});
