import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { answer, type WatTool } from '../../test/fixtures/wat-component.ts';
import type { CallResult } from '../model/call-result.ts';
import { isolations } from '../model/isolation.ts';
import type { Limits } from '../model/limits.ts';
import type { CallableTool } from './callable-tool.ts';
import { policyOf, watCallable } from './fixtures/wat-callable.ts';
import { KamiRuntime } from './kami-runtime.ts';

const forever = '(loop $again (br $again))';
const tools = {
  parrot: {},
  loop: { run: `${forever} (unreachable)` },
  crash: { run: '(unreachable)' },
  greedy: { run: '(loop $again (drop (memory.grow (i32.const 16))) (br $again)) (unreachable)' },
  /** Its cost depends on its input alone. */
  count: {
    run: `(local $at i32)
      (loop $next
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $at) (i32.mul (local.get $len) (i32.const 1000)))))
      ${answer()}`,
  },
} satisfies Record<string, WatTool>;

let folder: string;
const callables = new Map<string, CallableTool>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kami-test-runtime-'));
  for (const [name, tool] of Object.entries(tools)) callables.set(name, await watCallable(name, tool));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const runtimes: KamiRuntime[] = [];
afterEach(() => Promise.all(runtimes.splice(0).map((runtime) => runtime.close('stop'))));

function start(isolation: (typeof isolations)[number], maxConcurrent = 8) {
  const runtime = new KamiRuntime({
    ...{ isolation, maxConcurrent, maxComputing: maxConcurrent, maxQueued: 1_000 },
    ...{ callsPerMinute: 1_000_000, poolSize: 2, maxCells: 16, cacheSize: 8 },
    cacheDirectory: join(folder, 'cache'),
  });
  runtimes.push(runtime);
  return (name: keyof typeof tools, limits: Partial<Limits> = {}, input = {}): Promise<CallResult> => {
    const tool = callables.get(name);
    if (tool === undefined) throw new Error(`there is no ${name}`);
    return runtime.call({ ...tool, policy: policyOf(limits) }, input);
  };
}

const reason = ({ outcome }: CallResult) => (outcome.status === 'failure' ? outcome.reason : outcome.status);

describe.each(isolations)('at isolation %s', (isolation) => {
  it('a call costs the same fuel every time, and more for more work', async () => {
    const call = start(isolation);
    const costs = [await call('count'), await call('count'), await call('count')].map(({ fuel }) => fuel);
    expect(new Set(costs).size).toBe(1);
    const [{ fuel: more }, [fuel = 0]] = [await call('count', {}, { text: 'x'.repeat(100) }), costs];
    // Every character of the input costs a thousand rounds of the same loop.
    expect(more - fuel).toBeGreaterThan(100 * 1_000 * 5);
  });

  it('a call ends by fuel, by time or by a trap, and each is told apart', async () => {
    const call = start(isolation);
    expect(reason(await call('loop', { maxFuel: 1_000_000 }))).toBe('out-of-fuel');
    expect(reason(await call('loop', { timeoutMs: 200 }))).toBe('timeout');
    expect(reason(await call('crash'))).toBe('trap');
    expect(reason(await call('parrot'))).toBe('success');
  });

  it('fuel that is just enough is enough, and one less is not', async () => {
    const call = start(isolation);
    const { fuel } = await call('count');
    expect(reason(await call('count', { maxFuel: fuel }))).toBe('success');
    expect(reason(await call('count', { maxFuel: fuel - 1 }))).toBe('out-of-fuel');
  });

  it('calls over the rate of a tool are refused without being run, and other tools are not', async () => {
    const call = start(isolation);
    const results = [];
    for (let index = 0; index < 5; index += 1) results.push(await call('parrot', { callsPerMinute: 3 }));
    expect(results.map(reason)).toEqual(['success', 'success', 'success', 'rate-limited', 'rate-limited']);
    expect(reason(await call('count'))).toBe('success');
  });

  it('fifty honest calls answer beside fifty hostile ones', async () => {
    const call = start(isolation, 8);
    const timeoutMs = 60_000;
    const attacks = [
      () => call('loop', { timeoutMs, maxFuel: 50_000_000 }),
      () => call('loop', { timeoutMs: 100 }),
      () => call('greedy', { timeoutMs, maxFuel: 50_000_000 }),
      () => call('crash', { timeoutMs }),
    ];
    const hostile = Array.from({ length: 50 }, (_, index) =>
      attacks[index % attacks.length]?.().then(reason, (error: { code: string }) => error.code),
    );
    const honest = Array.from({ length: 50 }, (_, index) =>
      call('parrot', { timeoutMs }, { text: `call ${index}` }),
    );
    const texts = (await Promise.all(honest)).map(({ outcome }) =>
      outcome.status === 'success' && outcome.content[0]?.type === 'text' ? outcome.content[0].text : '',
    );
    expect(texts).toEqual(honest.map((_, index) => JSON.stringify({ text: `call ${index}` })));
    const ends = await Promise.all(hostile);
    const expected = [/^out-of-fuel$/, /^(timeout|KAMI_BUSY)$/, /^out-of-fuel$/, /^trap$/];
    for (const [index, end] of ends.entries()) expect(end).toMatch(expected[index % 4] ?? /never/);
    // Their time counts from their arrival: not all of them got a turn within it.
    expect(ends).toContain('KAMI_BUSY');
    const { memoryPeakBytes: peak } = await call('greedy', { maxFuel: 50_000_000 });
    // It grows by a megabyte at a time.
    expect(peak).toBeGreaterThan(63 * 1024 * 1024);
    expect(peak).toBeLessThanOrEqual(64 * 1024 * 1024);
  });
});

/** Processes that this one has started, by what runs in them. */
function cells(): readonly number[] {
  const list = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' });
  return list
    .split('\n')
    .filter((line) => line.includes('cell-main'))
    .map((line) => Number(line.trim().split(' ', 1)[0]));
}

describe.runIf(process.platform === 'linux')('cells', () => {
  it('run guests in processes without an environment and under the permission model', async () => {
    const call = start('cell');
    await call('parrot');
    const pids = cells();
    expect(pids.length).toBeGreaterThan(0);
    for (const pid of pids) {
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toMatch(/PATH|HOME/);
      expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toMatch(/--(experimental-)?permission/);
    }
  });

  it('do not outlive the question what a component is', async () => {
    const call = start('cell');
    await call('parrot');
    const { origin } = callables.get('count') ?? expect.unreachable('there is no count');
    await runtimes[0]?.describe(origin);
    await expect.poll(() => runtimes[0]?.counters().sandboxes.evicted).toBe(1);
    expect(reason(await call('parrot'))).toBe('success');
  });

  it('a cell that dies ends its own calls, clearly, and no others', async () => {
    const call = start('cell');
    await call('parrot');
    const doomed = [call('loop'), call('loop')];
    const safe = call('count', {}, { text: 'x'.repeat(1_000) });
    // Both calls of the one tool share its cell, which nothing else keeps as busy; the honest tools are in others.
    const busy = () => cells().find((pid) => cpuTicks(pid) > 100);
    await until(() => busy() !== undefined);
    process.kill(busy() ?? Number.NaN, 'SIGKILL');
    expect((await Promise.all(doomed)).map(reason)).toEqual(['crash', 'crash']);
    expect(reason(await safe)).toBe('success');
    expect(reason(await call('parrot'))).toBe('success');
    expect(reason(await call('loop', { maxFuel: 1_000 }))).toBe('out-of-fuel');
  });

  it('nothing is left of them when the runtime is closed', async () => {
    const before = new Set(cells());
    const call = start('cell');
    await call('parrot');
    await runtimes.at(-1)?.close();
    expect(cells().filter((pid) => !before.has(pid))).toEqual([]);
  });
});

/** Processor time of a process so far (proc(5), stat: utime + stime). */
function cpuTicks(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return 0;
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}
