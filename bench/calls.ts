// What a sandboxed call costs. Every figure is a median, and what counts are the ratios within one run.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  hostInstallDeps,
  installTool,
  loadConfig,
  openToolHost,
  parseToolId,
  resolveSource,
  type ToolHost,
} from 'kami-host';

const example = fileURLToPath(new URL('../examples/hello-world', import.meta.url));
const id = parseToolId('dev.kami.hello-world');
const spacedCalls = 40;
const parallelCalls = 64;

interface Way {
  readonly name: string;
  /** `KAMI_…` settings that make the difference. */
  readonly settings: Readonly<Record<string, string>>;
}

const ways: readonly Way[] = [
  { name: 'cell, kept thread', settings: { KAMI_RUNTIME_POOL_SIZE: '4' } },
  { name: 'cell, new thread', settings: { KAMI_RUNTIME_POOL_SIZE: '0' } },
  {
    name: 'no cell, kept thread',
    settings: { KAMI_RUNTIME_POOL_SIZE: '4', KAMI_RUNTIME_ISOLATION: 'thread' },
  },
  {
    name: 'no cell, new thread',
    settings: { KAMI_RUNTIME_POOL_SIZE: '0', KAMI_RUNTIME_ISOLATION: 'thread' },
  },
];

interface Figures {
  readonly name: string;
  readonly firstCallMs: number;
  readonly callMs: number;
  readonly callsPerSecond: number;
}

const figures: Figures[] = [];
for (const way of ways) figures.push(await measure(way));
report(figures);

async function measure({ name, settings }: Way): Promise<Figures> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'kami-bench-'));
  const env = { ...settings, KAMI_DATA_DIR: dataDir };
  const host = await openToolHost(loadConfig({ env, cwd: dataDir, homeDir: dataDir }));
  try {
    await installTool(hostInstallDeps(host), await resolveSource(example));
    const firstCallMs = await timed(() => call(host, 0));
    const spaced: number[] = [];
    for (let n = 1; n <= spacedCalls; n++) spaced.push(await timed(() => call(host, n)));
    const parallelMs = await timed(() =>
      Promise.all(Array.from({ length: parallelCalls }, (_, n) => call(host, n))),
    );
    return { name, firstCallMs, callMs: median(spaced), callsPerSecond: (parallelCalls / parallelMs) * 1000 };
  } finally {
    await host.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function call(host: ToolHost, n: number): Promise<void> {
  const { outcome } = await host.call(id, { name: `caller ${n}` });
  if (outcome.status === 'failure') throw new Error(outcome.message);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function report(all: readonly Figures[]): void {
  const [base] = all;
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ calls: all }));
    return;
  }
  for (const { name, firstCallMs, callMs, callsPerSecond } of all) {
    const ratio = (callMs / (base?.callMs ?? callMs)).toFixed(2);
    console.log(
      `${name.padEnd(30)} first ${firstCallMs.toFixed(0)} ms, then ${callMs.toFixed(1)} ms (× ${ratio}), ` +
        `${callsPerSecond.toFixed(0)} calls/s with ${parallelCalls} in flight`,
    );
  }
}
