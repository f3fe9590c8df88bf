import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { answer, buildWatTool, type WatTool } from '../../test/fixtures/wat-component.ts';
import { noGrant } from '../model/grant.ts';
import { isolations } from '../model/isolation.ts';
import { defaultLimits } from '../model/limits.ts';
import { computePolicy } from '../policy/compute-policy.ts';
import { hash } from '../registry/artifact-store.ts';
import { type CallableTool, noNotes, noValues } from './callable-tool.ts';
import type { RuntimeEvent } from './events.ts';
import { KamiRuntime } from './kami-runtime.ts';

const sleepMs = 4_000;
const tools = {
  parrot: {},
  crash: { run: '(unreachable)' },
  loop: { run: '(loop $again (br $again)) (unreachable)' },
  sleeper: {
    imports: `
      (import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $after (param i64) (result i32)))
      (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))`,
    world: 'import wasi:clocks/monotonic-clock@0.2.0;',
    packages: `
      package wasi:io@0.2.0 { interface poll { resource pollable { block: func(); } } }
      package wasi:clocks@0.2.0 { interface monotonic-clock {
        use wasi:io/poll@0.2.0.{pollable};
        subscribe-duration: func(when: u64) -> own<pollable>;
      } }`,
    run: `(call $block (call $after (i64.const ${sleepMs * 1_000_000}))) ${answer()}`,
  },
} satisfies Record<string, WatTool>;

let folder: string;
const callables = new Map<string, CallableTool>();
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kami-test-turns-'));
  for (const [name, tool] of Object.entries(tools)) callables.set(name, await toCallable(name, tool));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function toCallable(name: string, tool: WatTool): Promise<CallableTool> {
  const bytes = await buildWatTool(tool);
  const policy = computePolicy({
    grant: noGrant,
    config: {
      runtime: { defaultTimeoutSecs: 30, defaultCallsPerMinute: 100_000 },
      sandbox: { defaultMaxMemoryMb: 64, defaultMaxFuel: defaultLimits.maxFuel * 100, defaultMaxRequests: 1 },
    },
    paths: { packageFolder: undefined, privateFolder: '/nowhere', kamiFolders: [] },
  });
  return {
    ...{ name, domain: 'all', policy, values: noValues, notes: noNotes },
    origin: { key: hash(bytes), source: name, read: async () => bytes },
    ...{ convention: 'text', inputSchema: '{}', outputSchema: undefined },
  };
}

const runtimes: KamiRuntime[] = [];
afterEach(() => Promise.all(runtimes.splice(0).map((runtime) => runtime.close('stop'))));

function start(isolation: (typeof isolations)[number], places: { computing: number; concurrent: number }) {
  const events: RuntimeEvent[] = [];
  const runtime = new KamiRuntime({
    ...{ isolation, maxConcurrent: places.concurrent, maxComputing: places.computing, maxQueued: 100 },
    ...{ callsPerMinute: 1_000_000, poolSize: 2, maxCells: 4, cacheSize: 8 },
    cacheDirectory: join(folder, 'cache'),
    onEvent: (event) => events.push(event),
  });
  runtimes.push(runtime);
  const call = (name: keyof typeof tools, timeoutMs = 30_000) => {
    const tool = callables.get(name);
    if (tool === undefined) throw new Error(`there is no ${name}`);
    const { policy } = tool;
    return runtime.call({ ...tool, policy: { ...policy, limits: { ...policy.limits, timeoutMs } } }, {});
  };
  /** Has a tool compiled, by asking what it is. */
  const prepare = async (name: keyof typeof tools) => {
    const origin = callables.get(name)?.origin;
    if (origin !== undefined) await runtime.describe({ ...origin, source: `the component of ${name}` });
  };
  const ended = () => events.flatMap((event) => (event.kind === 'call-ended' ? [event.tool] : []));
  return { call, prepare, events, ended, runtime };
}

describe.each(isolations)('at isolation %s', (isolation) => {
  it('a call that sleeps lets others compute, and goes on when its time has come', async () => {
    const { call, prepare, ended } = start(isolation, { computing: 1, concurrent: 8 });
    await call('parrot');
    await prepare('sleeper');
    const sleepers = [call('sleeper'), call('sleeper'), call('sleeper')];
    // There is one turn to compute, and the sleepers came first.
    await call('parrot');
    expect(ended().filter((tool) => tool === 'sleeper')).toEqual([]);
    const results = await Promise.all(sleepers);
    for (const { outcome, durationMs } of results) {
      expect(outcome.status).toBe('success');
      expect(durationMs).toBeGreaterThanOrEqual(sleepMs - 2);
    }
  });

  it('a call that can not begin in its time is refused, and never run', async () => {
    const { call, events, runtime } = start(isolation, { computing: 1, concurrent: 1 });
    await call('parrot');
    const looping = call('loop', 1_500);
    await expect(call('parrot', 50)).rejects.toMatchObject({ code: 'KAMI_BUSY' });
    expect(events.at(-1)).toEqual({ kind: 'call-refused', tool: 'parrot', reason: 'KAMI_BUSY' });
    expect((await looping).outcome).toMatchObject({ reason: 'timeout' });
    expect(runtime.counters().calls).toMatchObject({ begun: 2, refused: 1 });
  });

  it('the time that a call waited is part of its time', async () => {
    const { call } = start(isolation, { computing: 1, concurrent: 1 });
    await call('parrot');
    const first = call('loop', 700);
    const { outcome, durationMs } = await call('loop', 1_400);
    expect((await first).outcome).toMatchObject({ reason: 'timeout' });
    expect(outcome).toMatchObject({ reason: 'timeout' });
    expect(durationMs).toBeLessThan(1_400);
  });

  it('counts what happens', async () => {
    const { call, events, runtime } = start(isolation, { computing: 4, concurrent: 8 });
    for (let index = 0; index < 5; index += 1) await call('parrot');
    await call('crash');
    const { calls, instances, components, sandboxes, runMs } = runtime.counters();
    expect(calls).toEqual({ begun: 6, succeeded: 5, failed: 1, cancelled: 0, refused: 0, errors: 0 });
    expect(instances.reset).toBeGreaterThan(0);
    expect(instances.made + instances.ahead + instances.reset).toBe(6);
    expect(components).toMatchObject({ loaded: 2, kept: 4 });
    expect(sandboxes.started).toBeGreaterThan(0);
    expect(runMs).toBeGreaterThan(0);
    expect(events.filter(({ kind }) => kind === 'call-begun')).toHaveLength(6);
  });
});
