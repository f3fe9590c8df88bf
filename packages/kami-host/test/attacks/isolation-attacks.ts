import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Isolation } from '../../src/model/isolation.ts';
import { guestFolder, install } from '../fixtures/guests.ts';
import { type Connection, connect, costOf, reasonOf, textOf } from '../fixtures/mcp-client.ts';
import { type TempFolder, tempFolder } from '../fixtures/temp-folder.ts';
import { installWatTools } from '../fixtures/wat-package.ts';
import { hostileTools } from '../fixtures/wat-tools.ts';

/** Guests that look for a way out, at one level of isolation. */
export function describeIsolationAttacks(isolation: Isolation): void {
  let data: TempFolder;
  let server: Connection;

  beforeAll(async () => {
    data = await tempFolder();
    await install(guestFolder('hostile'), { dataDir: data.path });
    const { environment, 'forge-protocol': forge } = hostileTools;
    await installWatTools({ environment, forge }, { dataDir: data.path });
    // A variable worth stealing.
    server = await connect({
      dataDir: data.path,
      env: { KAMI_TEST_SECRET: 'do not tell', KAMI_RUNTIME_ISOLATION: isolation },
    });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await data[Symbol.asyncDispose]();
  });

  const hostile = (mode: string) => server.call('test_kami_hostile', { mode });

  describe('threat 18: what a guest can reach of the host', () => {
    it('is no variable, no argument and no folder', async () => {
      const result = await server.call('test_wat_environment', { text: 'x' });
      expect(result.isError, textOf(result)).toBeFalsy();
    });

    it('is nothing of Node, neither by name nor by climbing constructors', async () => {
      expect(textOf(await hostile('look-for-node'))).toBe('[]');
    });

    it('is no module of Node and no file by import', async () => {
      const result = await hostile('import-node');
      if (result.isError !== true) expect(textOf(result)).toBe('[]');
      else expect(reasonOf(result)).toMatch(/^(trap|tool-error)$/);
    });

    it('is no state of an earlier call, and none of its changed prototypes', async () => {
      for (const _call of [1, 2, 3]) expect(textOf(await hostile('remember-me'))).toBe('1');
      expect(textOf(await hostile('pollute-prototypes'))).toBe('true');
      expect(textOf(await hostile('echo'))).toBe('echoed');
      expect(textOf(await hostile('remember-me'))).toBe('1');
    });

    it('is no network: a request is refused, recorded, and tells nothing about the network', async () => {
      const result = await hostile('fetch');
      expect(result.isError).toBe(true);
      expect(costOf(result)).toMatchObject({
        refusals: [{ capability: 'network', subject: 'https://example.com' }],
      });
      expect(JSON.stringify(result.content)).toContain('Only the person who runs this server can permit it');
    });
  });

  describe('threat 20: what a guest prints', () => {
    it('never becomes protocol, however much it looks like it', async () => {
      await server.call('test_wat_forge', { text: 'x' });
      await hostile('console');
      expect(textOf(await hostile('echo'))).toBe('echoed');
      expect(server.protocolErrors).toEqual([]);
    });
  });
}
