import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Isolation } from '../../src/model/isolation.ts';
import { guestFolder, install } from '../fixtures/guests.ts';
import { type Connection, connect, costOf, reasonOf, textOf } from '../fixtures/mcp-client.ts';
import { type TempFolder, tempFolder } from '../fixtures/temp-folder.ts';
import { installWatTools } from '../fixtures/wat-package.ts';
import { honestTools, hostileTools } from '../fixtures/wat-tools.ts';

/** Guests that take all they can get, at one level of isolation. */
export function describeResourceAttacks(isolation: Isolation): void {
  let data: TempFolder;
  let server: Connection;

  beforeAll(async () => {
    data = await tempFolder();
    const options = { dataDir: data.path };
    await install(guestFolder('hostile'), options);
    await installWatTools({ parrot: honestTools.parrot }, options);
    await installWatTools(hostileTools, options, { timeoutMs: 700 });
    server = await connect({ ...options, env: { KAMI_RUNTIME_ISOLATION: isolation } });
  }, 120_000);
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await data[Symbol.asyncDispose]();
  });

  const wat = (name: string) => server.call(`test_wat_${name}`, { text: 'x' });
  const hostile = (mode: string) => server.call('test_kami_hostile', { mode });

  /** The most memory that the server process ever had, MB; undefined where the system does not tell. */
  function peakMb(): number | undefined {
    if (process.platform !== 'linux') return undefined;
    const [, kb] = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8')) ?? [];
    return Number(kb) / 1024;
  }

  /** The server answers another tool as if nothing had been. */
  async function expectUnharmed(): Promise<void> {
    expect(textOf(await server.call('test_wat_parrot', { text: 'well' }))).toContain('well');
  }

  describe('threat 22: a guest that does not end', () => {
    it.each([
      ['loop', 'timeout'],
      ['loop-after-return', 'timeout'],
      ['timer-2-to-the-62', 'timeout'],
      ['log-for-ever', 'timeout'],
      ['recurse', 'stack-overflow'],
    ])('%s ends by %s', async (name, reason) => {
      expect(reasonOf(await wat(name))).toBe(reason);
      await expectUnharmed();
    });

    it.each(['loop', 'loop-in-promise', 'sleep-60s'])('in JavaScript, %s ends by timeout', async (mode) => {
      expect(reasonOf(await hostile(mode))).toBe('timeout');
      await expectUnharmed();
    });

    it.each(['recurse', 'never-settles'])('in JavaScript, %s is a failure of the tool', async (mode) => {
      expect((await hostile(mode)).isError).toBe(true);
      await expectUnharmed();
    });
  });

  describe('threat 23: a guest that takes all it can get', () => {
    it('has its memory capped, and is told so by its own failed growth', async () => {
      expect(reasonOf(await wat('grow-memory'))).toBe('out-of-memory');
      const polite = await wat('grow-memory-politely');
      expect(polite.isError).toBeFalsy();
      const memoryPeakBytes = costOf(polite).memoryPeakBytes;
      expect(memoryPeakBytes).toBeLessThanOrEqual(64 * 1024 * 1024);
      expect(memoryPeakBytes).toBeGreaterThan(48 * 1024 * 1024);
    });

    it.each(['allocate-typed-arrays', 'allocate-objects', 'allocate-string'])(
      'in JavaScript, %s is a failure and no more',
      async (mode) => {
        expect((await hostile(mode)).isError).toBe(true);
        await expectUnharmed();
      },
    );

    it.each(['return-20mb', 'return-deep'])('in JavaScript, %s is a failure and no more', async (mode) => {
      expect((await hostile(mode)).isError).toBe(true);
      await expectUnharmed();
    });

    it('gets no result through that is larger than the bound, or lies outside its memory', async () => {
      expect(reasonOf(await wat('huge-result'))).toBe('output-too-large');
      expect(reasonOf(await wat('result-out-of-bounds'))).toBe('trap');
      expect(reasonOf(await wat('result-pointer-out-of-bounds'))).toBe('trap');
      expect(reasonOf(await wat('result-tag-unknown'))).toBe('trap');
      await expectUnharmed();
    });

    it.each(['log-100000-lines', 'log-1mb-line'])('has its log bounded: %s', async (mode) => {
      const before = server.stderr().length;
      const result = await hostile(mode);
      // On a busy machine a hundred thousand lines take longer than the call may: that ends it, and is fine too.
      if (result.isError === true) expect(reasonOf(result)).toBe('timeout');
      expect(server.stderr().length - before).toBeLessThan(200_000);
      await expectUnharmed();
    });

    it('has what it prints bounded too', async () => {
      const before = server.stderr().length;
      expect((await wat('flood-stdout')).isError).toBe(true);
      expect(server.stderr().length - before).toBeLessThan(200_000);
      await expectUnharmed();
    });
  });

  describe('threats 24 and 47: a guest that asks for absurd amounts', () => {
    it.each([
      ['random-2-to-the-40', 'trap'],
      ['random-for-ever', 'timeout'],
      ['poll-list-of-millions', 'trap'],
    ])('%s ends by %s', async (name, reason) => {
      expect(reasonOf(await wat(name))).toBe(reason);
      await expectUnharmed();
    });

    it.each(['million-pollables', 'endless-pollables'])('%s ends at the bound of handles', async (name) => {
      const result = await wat(name);
      expect([reasonOf(result), textOf(result)]).toEqual(['trap', expect.stringMatching(/4096 handles/)]);
      await expectUnharmed();
    });

    it('a million timers of JavaScript end there too', async () => {
      expect(reasonOf(await hostile('million-timers'))).toBe('trap');
      await expectUnharmed();
    });

    it('reading 2^62 bytes of standard input gives the end of a stream', async () => {
      const result = await wat('read-2-to-the-62');
      expect(result.isError, textOf(result)).toBeFalsy();
    });
  });

  describe('threat 45: a guest that would take the process along', () => {
    it.each(['exit', 'exit-with-failure'])('%s ends its own call only', async (name) => {
      expect(reasonOf(await wat(name))).toBe('exit');
      await expectUnharmed();
    });

    it.each(['grow-table', 'grow-externref-table'])('%s meets a bound', async (name) => {
      expect((await wat(name)).isError).toBeFalsy();
      await expectUnharmed();
    });

    it.each(['unreachable', 'out-of-bounds', 'divide-by-zero', 'indirect-call'])(
      '%s is a trap of its own',
      async (name) => {
        const result = await wat(name);
        expect(reasonOf(result)).toBe('trap');
        expect(textOf(result)).toMatch(/^The tool crashed/);
        await expectUnharmed();
      },
    );

    it("all of them at once leave another tool's calls alone", async () => {
      const attacks = ['loop', 'recurse', 'grow-memory', 'grow-table', 'exit', 'unreachable', 'huge-result'];
      // Some of them never get a turn within their time.
      const calls = Promise.allSettled([...attacks, ...attacks].map(wat));
      const honest = Array.from({ length: 20 }, (_, index) =>
        server.call('test_wat_parrot', { text: `call ${index}` }),
      );
      for (const [index, result] of (await Promise.all(honest)).entries()) {
        expect(textOf(result)).toContain(`call ${index}`);
      }
      await calls;
      await expectUnharmed();
    });
  });

  describe('threat 44: arguments that alias memory to multiply on lifting', () => {
    // Without the budget this very call lifts 600 MB out of one; src/component/lift-budget.test.ts shows both.
    it('are stopped by a budget', async () => {
      const result = await wat('alias-headers');
      expect(reasonOf(result)).toBe('trap');
      expect(textOf(result)).toContain('a list');
      await expectUnharmed();
    });
  });

  describe('after all of this', () => {
    it.skipIf(process.platform !== 'linux')('the server still is one process of ordinary size', async () => {
      await expectUnharmed();
      expect(server.protocolErrors).toEqual([]);
      // The process that holds the registry and answers the client does not pay for what guests do.
      expect(peakMb()).toBeLessThan(isolation === 'cell' ? 400 : 2_500);
    });
  });
}
