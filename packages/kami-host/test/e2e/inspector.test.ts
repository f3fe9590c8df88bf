import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guestFolder, install } from '../fixtures/guests.ts';
import { type HttpServer, startHttpServer } from '../fixtures/http-server.ts';
import { cleanEnv, collect, kamiCommand, type Run } from '../fixtures/kami-command.ts';
import { eras } from '../fixtures/mcp-client.ts';
import { type TempFolder, tempFolder } from '../fixtures/temp-folder.ts';

const transports = ['stdio', 'http'] as const;
type Transport = (typeof transports)[number];
const ways = eras.flatMap((era) => transports.map((transport) => [transport, era] as const));

let data: TempFolder;
let http: HttpServer;

beforeAll(async () => {
  data = await tempFolder();
  await mkdir(join(data.path, 'home'));
  await install(guestFolder('list'), { dataDir: data.path });
  http = await startHttpServer({ dataDir: data.path });
});
afterAll(async () => {
  await http[Symbol.asyncDispose]();
  await data[Symbol.asyncDispose]();
});

/** The script behind `node_modules/.bin/mcp-inspector`. */
function inspectorScript(): string {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve('@modelcontextprotocol/inspector/package.json');
  const { bin } = require(manifest) as { readonly bin: Readonly<Record<string, string>> };
  return join(dirname(manifest), bin['mcp-inspector'] ?? '');
}

/** Where the Inspector finds the server: it starts one, or reaches the one that runs. */
function serverOn(transport: Transport): readonly string[] {
  return transport === 'stdio'
    ? ['-e', `KAMI_DATA_DIR=${data.path}`, '--', process.execPath, kamiCommand, 'serve']
    : ['--transport', 'http', '--server-url', http.url, '--header', `Authorization: Bearer ${http.token}`];
}

async function inspect(transport: Transport, args: readonly string[]): Promise<Run> {
  const child = spawn(
    process.execPath,
    [inspectorScript(), '--cli', '--format', 'json', ...args, ...serverOn(transport)],
    {
      env: { ...cleanEnv({ dataDir: data.path }), HOME: join(data.path, 'home') },
      cwd: data.path,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const [stdout, stderr] = [collect(child, 'stdout'), collect(child, 'stderr')];
  const [exitCode, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { exitCode, signal, stdout: stdout(), stderr: stderr() };
}

describe.each(ways)('the MCP Inspector over %s, speaking the %s protocol generation', (transport, era) => {
  it('lists the tools and finds no schema that a client may stumble over', async () => {
    const run = await inspect(transport, ['--protocol-era', era, '--strict', '--method', 'tools/list']);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({
      result: { tools: [{ name: 'test_kami_list', inputSchema: { type: 'object' } }] },
    });
  });

  it('calls a tool, and sees a failure as one', async () => {
    const call = [
      '--protocol-era',
      era,
      '--method',
      'tools/call',
      '--tool-name',
      'test_kami_list',
      '--tool-arg',
    ];
    const good = await inspect(transport, [...call, 'to=3']);
    expect(good.exitCode, good.stderr).toBe(0);
    expect(JSON.parse(good.stdout)).toMatchObject({
      result: { content: [{ type: 'text', text: '[1,2,3]' }] },
    });

    const bad = await inspect(transport, [...call, 'to=many']);
    expect(bad.exitCode).not.toBe(0);
    expect(JSON.parse(bad.stdout)).toMatchObject({ result: { isError: true } });
    expect(bad.stdout).toContain('to: must be integer');
  });
});
