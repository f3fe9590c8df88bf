import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildOnce } from '../build-once.ts';
import { atEnd } from '../cleanup.ts';
import { peersDir } from '../places.ts';
import { killTree } from '../process-tree.ts';
import { runTool } from '../run-tool.ts';
import { echoTask } from '../work/inputs.ts';

/** What jco makes anew for every request. */
export const jcoServeModes = ['worker', 'instance'] as const;
export type JcoServeMode = (typeof jcoServeModes)[number];

export interface JcoServer {
  /** Sends the echo's input, and throws unless the answer is right and from a fresh state. */
  readonly run: () => Promise<void>;
  readonly close: () => void;
}

const startWithinMs = 60_000;
/** Fewer than jco's 50, which take long to start and are of no use for calls with pauses. */
const readyWorkers = 4;

/** Componentizes the echo for HTTP; returns the component's file. */
export async function buildHttpEcho(): Promise<string> {
  const folder = path.join(peersDir, 'built', 'http');
  const component = path.join(folder, 'echo.wasm');
  const sources = ['http/echo.js', 'http/componentize.js', 'package-lock.json'].map((name) =>
    path.join(peersDir, name),
  );
  const [source = '', script = ''] = sources;
  await buildOnce(
    folder,
    sources.map((file) => readFileSync(file)),
    async () => {
      await runTool([process.execPath, script, source, component], { cwd: peersDir });
    },
  );
  return component;
}

export async function startJcoServe(component: string, mode: JcoServeMode): Promise<JcoServer> {
  const port = await freePort();
  const jco = path.join(peersDir, 'node_modules/@bytecodealliance/jco/dist/jco.js');
  const workers = mode === 'worker' ? ['--isolate-worker-pool-size', String(readyWorkers)] : [];
  const child = spawn(
    process.execPath,
    [jco, 'serve', component, '--host', '127.0.0.1', '--port', String(port)]
      .concat('--isolate-requests', mode)
      .concat(workers),
    { cwd: peersDir, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('utf8')).slice(-4_000);
  });
  const end = () => {
    if (child.pid !== undefined) killTree(child.pid);
  };
  const forget = atEnd(end);
  const close = () => {
    forget();
    end();
  };
  const run = () => ask(`http://127.0.0.1:${port}/`);
  const deadline = performance.now() + startWithinMs;
  for (;;) {
    try {
      await run();
      return { run, close };
    } catch (cause) {
      if (performance.now() < deadline && child.exitCode === null) {
        await sleep(200);
        continue;
      }
      close();
      throw new Error(`jco serve (${mode}) did not answer. ${stderr}`, { cause });
    }
  }
}

async function ask(url: string): Promise<void> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(echoTask.input) });
  const answer = (await response.json()) as Record<string, unknown>;
  echoTask.check(answer);
  if (answer.call !== 1) throw new Error('jco serve answered from a state that had answered before.');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
