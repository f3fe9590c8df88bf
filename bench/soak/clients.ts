import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { atEnd } from '../cleanup.ts';
import { kamiCommand } from '../places.ts';
import { killTree } from '../process-tree.ts';
import type { Tally } from './tally.ts';
import type { World } from './world.ts';

const eras = { legacy: { mode: 'legacy' }, modern: { mode: { pin: '2026-07-28' } } } as const;
type Era = keyof typeof eras;

/** An official client that is connected. */
export interface SoakClient {
  /** Also what it answers when a tool asks who the person is. */
  readonly name: string;
  readonly client: Client;
  /** How often it was told that the list of tools has changed. */
  readonly told: () => number;
}

/** A `kami serve` and those who talk to it. */
export interface SoakServer {
  readonly name: string;
  readonly pid: number;
  readonly clients: readonly SoakClient[];
  /** Closes the clients and waits for the end of the process. */
  readonly close: () => Promise<void>;
}

/** One client starts the server, as clients do. */
export async function serveStdio(world: World, era: Era, tally: Tally): Promise<SoakServer> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [kamiCommand, 'serve'],
    env: world.env,
    cwd: world.dataDir,
    stderr: 'ignore',
  });
  const own = createClient(`stdio ${era}`, era, tally);
  await own.client.connect(transport);
  const { pid } = transport;
  if (pid === null) throw new Error('the server has no process');
  atEnd(() => killTree(pid));
  return { name: own.name, pid, clients: [own], close: () => own.client.close() };
}

/** Several clients of both generations share one server. */
export async function serveHttp(world: World, tally: Tally): Promise<SoakServer> {
  const args = [kamiCommand, 'serve', '--transport', 'http', '--port', '0', '--json'];
  const child = spawn(process.execPath, args, {
    cwd: world.dataDir,
    env: world.env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('the server has no process');
  atEnd(() => killTree(pid));
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { url, token } = JSON.parse(line) as { readonly url: string; readonly token: string };
  const clients: SoakClient[] = [];
  for (const era of ['legacy', 'modern', 'legacy', 'modern'] as const) {
    const own = createClient(`http ${era} ${clients.length}`, era, tally);
    const requestInit = { headers: { authorization: `Bearer ${token}` } };
    await own.client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
    clients.push(own);
  }
  const close = async () => {
    const closed = once(child, 'close');
    await Promise.all(clients.map(({ client }) => client.close()));
    child.kill('SIGTERM');
    const [code] = (await closed) as [number | null];
    if (code !== 0) tally.violate(`the HTTP server ended with ${code}`);
  };
  return { name: 'http', pid, clients, close };
}

function createClient(name: string, era: Era, tally: Tally): SoakClient {
  let told = 0;
  let isClosed = false;
  const onChanged = () => void told++;
  const client = new Client(
    { name: 'kami-soak', version: '1.0.0' },
    {
      versionNegotiation: eras[era],
      capabilities: { elicitation: { form: {} } },
      listChanged: { tools: { onChanged, autoRefresh: false, debounceMs: 0 } },
    },
  );
  client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { name } }));
  client.onclose = () => {
    isClosed = true;
  };
  // An answer to what nobody asked ends here too.
  client.onerror = (error) => {
    if (!isClosed) tally.violate(`${name}: ${error.message}`);
  };
  return { name, client, told: () => told };
}
