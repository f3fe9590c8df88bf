import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { isolations } from '../../src/model/isolation.ts';
import { exampleFolders } from '../fixtures/guests.ts';
import { runJson, runKami } from '../fixtures/kami-command.ts';
import { type Connection, connect, costOf, textOf } from '../fixtures/mcp-client.ts';
import { type TempFolder, tempFolder } from '../fixtures/temp-folder.ts';

const id = 'dev.kami.http-fetch';
const secret = 'sesame-open-4711';
const folder = exampleFolders().find((path) => basename(path) === 'http-fetch') ?? '';

vi.setConfig({ testTimeout: 120_000 });

/** Two servers on loopback: one that gets granted, one that does not. */
let granted: TestServer;
let other: TestServer;
beforeAll(async () => {
  other = await startServer((_request, response) => response.end('you should not be here'));
  granted = await startServer((request, response) => {
    if (request.url === '/moved') return response.writeHead(302, { location: `${other.origin}/` }).end();
    return response.end(`authorization: ${request.headers.authorization ?? 'none'}`);
  });
});
afterAll(() => [granted, other].forEach((server) => void server.close()));

let data: TempFolder;
let options: { readonly dataDir: string };
beforeEach(async () => {
  data = await tempFolder();
  options = { dataDir: data.path };
  granted.requests.length = 0;
  other.requests.length = 0;
});
afterEach(() => data[Symbol.asyncDispose]());

const kami = async (...args: readonly string[]) => {
  const run = await runKami(args, options);
  expect(run.exitCode, run.stderr).toBe(0);
  return run;
};
const fetchFrom = async (server: Connection, url: string) => {
  const result = await server.call('dev_kami_http-fetch', { url });
  return { isError: result.isError === true, text: textOf(result), all: JSON.stringify(result), result };
};

describe.each(isolations)('at isolation %s', (isolation) => {
  const serve = () => connect({ ...options, env: { KAMI_RUNTIME_ISOLATION: isolation } });

  it('a running server follows what is granted and revoked, at the next call', async () => {
    await kami('install', folder, '--deny-all', '--yes');
    await using server = await serve();
    const refused = await fetchFrom(server, granted.origin);
    expect(refused.isError).toBe(true);
    expect(costOf(refused.result).refusals).toEqual([
      { capability: 'network', subject: granted.origin, count: 1, grant: `net=${granted.origin}` },
    ]);
    expect(granted.requests).toEqual([]);

    await kami('grant', id, `net=${granted.origin}`);
    expect((await fetchFrom(server, granted.origin)).text).toContain('authorization: none');
    expect((await fetchFrom(server, other.origin)).isError).toBe(true);

    await kami('revoke', id, 'net');
    expect((await fetchFrom(server, granted.origin)).isError).toBe(true);
    expect([granted.requests.length, other.requests]).toEqual([1, []]);
  });

  it('a redirect is a new request: it does not lead to a host that was not granted', async () => {
    await kami('install', folder, '--grant', `net=${granted.origin}`);
    await using server = await serve();
    const moved = await fetchFrom(server, `${granted.origin}/moved`);
    // The engine's fetch leaves it to the tool to follow; whoever follows asks anew.
    expect(moved.result.structuredContent).toMatchObject({ status: 302 });
    const followed = await fetchFrom(server, `${other.origin}/`);
    expect(costOf(followed.result).refusals).toMatchObject([{ subject: other.origin }]);
    expect([granted.requests, other.requests]).toEqual([['/moved'], []]);
  });

  it('a tool uses a secret that it never sees, and an echo of it is blacked out', async () => {
    const credential = `credential=${granted.origin}/Authorization=Bearer \${TOKEN}`;
    await kami('install', folder, '--grant', `net=${granted.origin}`, '--grant', credential);
    await using server = await serve();
    expect((await fetchFrom(server, granted.origin)).text).toContain('authorization: none');

    await runKami(['secret', 'set', id, 'TOKEN'], { ...options, input: `${secret}\n` });
    const echoed = await fetchFrom(server, granted.origin);
    expect(echoed.text).toContain('authorization: Bearer [secret]');
    expect(echoed.all + server.stderr()).not.toContain(secret);
    // Not by way of what was refused either, which the registry keeps.
    const asked = await fetchFrom(server, `https://${secret}.example/`);
    expect(costOf(asked.result).refusals).toMatchObject([{ subject: 'https://[secret].example' }]);
    expect(asked.all + server.stderr()).not.toContain(secret);
    await server[Symbol.asyncDispose]();
    expect((await kami('permissions', id)).stdout).not.toContain(secret);
    const { json } = await runJson<Report>(['permissions', id], options);
    expect(json.permissions.find(({ item }) => item === credential)?.lastUsed).toBeTruthy();
  });

  it('what was used and what was refused is known afterwards', async () => {
    await kami('install', folder, '--grant', `net=${granted.origin}`);
    {
      await using server = await serve();
      await fetchFrom(server, granted.origin);
      await fetchFrom(server, `${other.origin}/secret-path?token=x`);
    }
    const { json } = await runJson<Report>(['permissions', id], options);
    const used = json.permissions.find(({ item }) => item === `net=${granted.origin}`);
    expect(Date.parse(used?.lastUsed ?? '')).toBeGreaterThan(Date.now() - 600_000);
    expect(json.refusals).toMatchObject([{ subject: other.origin, count: 1 }]);
  });
});

it('kami run --learn prints what a tool would have to ask for, and grants nothing', async () => {
  const file = `${folder}/dist/http-fetch.wasm`;
  const input = ['--input', JSON.stringify({ url: granted.origin })];
  const first = await kami('run', file, ...input, '--learn');
  expect(first.stdout).toBe(`[security]\nnet_allow_list = ["${granted.origin}"]\n`);
  expect(granted.requests).toEqual([]);
  const second = await kami('run', file, ...input, '--learn', '--grant', `net=${granted.origin}`);
  expect(second.stdout).toBe(first.stdout);
  expect(granted.requests).toEqual(['/']);
});

interface Report {
  readonly permissions: readonly { readonly item: string; readonly lastUsed: string | null }[];
  readonly refusals: readonly { readonly subject: string; readonly count: number }[];
}

interface TestServer {
  readonly origin: string;
  /** Paths, in order. */
  readonly requests: string[];
  readonly close: () => Server;
}

async function startServer(
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<TestServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    answer(request, response);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, requests, close: () => server.close() };
}
