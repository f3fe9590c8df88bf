import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, connectHttp, type HttpServer, startHttpServer } from '../fixtures/http-server.ts';
import { runKami } from '../fixtures/kami-command.ts';
import { startLoadBalancer } from '../fixtures/load-balancer.ts';
import { eras, textOf } from '../fixtures/mcp-client.ts';
import { type TempFolder, tempFolder } from '../fixtures/temp-folder.ts';
import { installWatTools } from '../fixtures/wat-package.ts';
import { honestTools } from '../fixtures/wat-tools.ts';

const token = 'The-Token-of-the-operator_0123456789';
let data: TempFolder;
let servers: readonly [HttpServer, HttpServer];

beforeAll(async () => {
  data = await tempFolder();
  await installWatTools({ parrot: honestTools.parrot }, { dataDir: data.path });
  const start = () =>
    startHttpServer({
      dataDir: data.path,
      env: { KAMI_HTTP_TOKEN: token, KAMI_RUNTIME_DEFAULT_CALLS_PER_MINUTE: '100000' },
    });
  servers = [await start(), await start()];
});
afterAll(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]();
  await data[Symbol.asyncDispose]();
});

const balance = () =>
  startLoadBalancer(
    data.path,
    servers.map(({ port }) => port),
  );

describe('two servers of one registry behind a plain load balancer', () => {
  it('are one to a client, and follow what is installed', async () => {
    await using balancer = await balance();
    const url = `http://127.0.0.1:${balancer.port}/mcp`;
    for (const era of eras) {
      await using connection = await connectHttp({ url, token }, era);
      for (let count = 0; count < 6; count++) {
        const result = await connection.call('test_wat_parrot', { text: `${era} ${count}` });
        expect(textOf(result)).toContain(`${era} ${count}`);
      }
      await installWatTools({ shout: honestTools.shout }, { dataDir: data.path });
      for (let count = 0; count < 4; count++) {
        expect(textOf(await connection.call('test_wat_shout', { a: 'b' }))).toBe('{"A":"B"}');
      }
      await runKami(['uninstall', 'test.wat.shout'], { dataDir: data.path });
      for (let count = 0; count < 4; count++) {
        await expect(connection.call('test_wat_shout')).rejects.toMatchObject({ code: -32_602 });
      }
    }
  });

  it('lose no answer but those of the one that is killed', async () => {
    await using balancer = await balance();
    const url = `http://127.0.0.1:${balancer.port}/mcp`;
    let answered = 0;
    let isGone = false;
    const isUnderLoad = Promise.withResolvers<void>();
    const callers = Array.from({ length: 8 }, async (_, caller) => {
      await using connection = await connectHttp({ url, token }, eras[caller % 2]);
      const lost: { readonly wasGone: boolean }[] = [];
      for (let count = 0; count < 60; count++) {
        const wasGone = isGone;
        const text = `caller ${caller}, call ${count}`;
        try {
          // A client of the older generation does not notice that a stream was cut off, and waits for its time to end.
          const call = { name: 'test_wat_parrot', arguments: { text } };
          const result = await connection.client.callTool(call, { timeout: 5_000 });
          expect(textOf(result)).toContain(text);
          if (++answered === 100) isUnderLoad.resolve();
        } catch (error) {
          if (error instanceof Error && error.name === 'AssertionError') throw error;
          lost.push({ wasGone });
        }
      }
      return lost;
    });
    await isUnderLoad.promise;
    const [killed, left] = servers;
    killed.child.kill('SIGKILL');
    await killed.exit();
    isGone = true;
    const lost = (await Promise.all(callers)).flat();
    expect(lost.filter(({ wasGone }) => wasGone)).toEqual([]);
    // Those that the killed one had, or took while it was dying: a caller has one on its way at a time.
    expect(lost.length).toBeLessThanOrEqual(2 * callers.length);
    expect(answered + lost.length).toBe(callers.length * 60);
    expect((await ask(left, { method: 'GET', path: '/health/ready' })).status).toBe(200);
  });
});
