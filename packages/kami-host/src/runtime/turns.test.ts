import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { answer, type WatTool } from '../../test/fixtures/wat-component.ts';
import { type Grant, noGrant } from '../model/grant.ts';
import { isolations } from '../model/isolation.ts';
import type { CallableTool } from './callable-tool.ts';
import type { RuntimeEvent } from './events.ts';
import { policyOf, watCallable } from './fixtures/wat-callable.ts';
import { KamiRuntime } from './kami-runtime.ts';

const sleepMs = 4_000;
const startFunction = { fields: '(func $begin) (start $begin)' };
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
  /** Asks for the addresses of a name again and again, and waits for none of the answers. */
  asker: {
    imports: `
      (import "wasi:sockets/instance-network@0.2.0" "instance-network" (func $net (result i32)))
      (import "wasi:sockets/ip-name-lookup@0.2.0" "resolve-addresses" (func $resolve (param i32 i32 i32 i32)))`,
    world: 'import wasi:sockets/instance-network@0.2.0; import wasi:sockets/ip-name-lookup@0.2.0;',
    packages: `package wasi:sockets@0.2.0 {
      interface network {
        resource network;
        enum error-code {
          unknown, access-denied, not-supported, invalid-argument, out-of-memory, timeout, concurrency-conflict,
          not-in-progress, would-block, invalid-state, new-socket-limit, address-not-bindable, address-in-use,
          remote-unreachable, connection-refused, connection-reset, connection-aborted, datagram-too-large,
          name-unresolvable, temporary-resolver-failure, permanent-resolver-failure
        }
      }
      interface instance-network { use network.{network}; instance-network: func() -> network; }
      interface ip-name-lookup {
        use network.{network, error-code};
        resource resolve-address-stream;
        resolve-addresses: func(network: borrow<network>, name: string) -> result<resolve-address-stream, error-code>;
      }
    }`,
    fields: '(data (i32.const 9000) "attacker.example")',
    run: `(local $network i32) (local $times i32)
      (local.set $network (call $net))
      (loop $again
        (call $resolve (local.get $network) (i32.const 9000) (i32.const 16) (i32.const 600))
        (local.set $times (i32.add (local.get $times) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $times) (i32.const 3000))))
      ${answer()}`,
  },
  /** Two of the same glue, whose instances are not made ahead. */
  picky: { describes: 'picky', ...startFunction },
  plain: { describes: 'plain', ...startFunction },
} satisfies Record<string, WatTool>;

/** Waits as soon as it is asked what it is. */
const { imports, world, packages } = tools.sleeper;
const drowsy: WatTool = {
  ...{ imports, world, packages },
  describe: '(call $block (call $after (i64.const 60000000000))) (i32.const 400)',
};

let folder: string;
const callables = new Map<string, CallableTool>();
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kami-test-turns-'));
  for (const [name, tool] of Object.entries({ ...tools, drowsy })) {
    const inputSchema = name === 'picky' ? '{"required":["x"]}' : '{}';
    callables.set(name, await watCallable(name, tool, { domain: 'all', inputSchema }));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

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
  const call = (name: keyof typeof tools | 'drowsy', timeoutMs = 30_000) => {
    const tool = callables.get(name);
    if (tool === undefined) throw new Error(`there is no ${name}`);
    return runtime.call({ ...tool, policy: policyOf({ timeoutMs }) }, {});
  };
  const callWith = (name: keyof typeof tools, grant: Grant) => {
    const tool = callables.get(name);
    if (tool === undefined) throw new Error(`there is no ${name}`);
    return runtime.call({ ...tool, policy: policyOf({}, grant) }, {});
  };
  /** Has a tool compiled, by asking what it is. */
  const prepare = async (name: keyof typeof tools) => {
    const origin = callables.get(name)?.origin;
    if (origin !== undefined) await runtime.describe({ ...origin, source: `the component of ${name}` });
  };
  const ended = () => events.flatMap((event) => (event.kind === 'call-ended' ? [event.tool] : []));
  return { call, callWith, prepare, events, ended, runtime };
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

  it('a component that was not run leaves others of its engine callable', async () => {
    const { call } = start(isolation, { computing: 1, concurrent: 1 });
    expect((await call('picky')).outcome).toMatchObject({ reason: 'invalid-input' });
    expect((await call('plain')).outcome).toMatchObject({ status: 'success' });
  });

  it('a component that waits when it is asked what it is is called all the same', async () => {
    const { call } = start(isolation, { computing: 1, concurrent: 1 });
    for (let index = 0; index < 2; index += 1)
      expect((await call('drowsy', 10_000)).outcome).toMatchObject({ status: 'success' });
  });

  it('what a call asked for and did not wait for is not done for the next call on its thread', async () => {
    const { call, callWith } = start(isolation, { computing: 1, concurrent: 2 });
    const granted = { ...noGrant, network: ['api.example.com'] };
    for (let index = 0; index < 20; index += 1) {
      const [, { refusals }] = await Promise.all([call('asker'), callWith('parrot', granted)]);
      expect(refusals).toEqual([]);
    }
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
