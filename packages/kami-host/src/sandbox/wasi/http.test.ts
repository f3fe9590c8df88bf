import { expect, it } from 'vitest';
import { rawServer, type TestEgress, testEgress, webServer } from '../egress/fixtures/web.ts';
import { playInWorker } from './fixtures/play-in-worker.ts';

type Story = keyof typeof import('./fixtures/http-stories.ts').stories;

/** Plays a story in a worker thread that blocks on its host, as guests do. */
function play(story: Story, authority: string, egress: TestEgress): Promise<unknown> {
  const worker = new URL('./fixtures/http-worker.ts', import.meta.url);
  return playInWorker(worker, { egress: egress.service }, { story, authority });
}

it('carries a request out and its response back, with trailers', async () => {
  await using server = await webServer((request, response) => {
    response.writeHead(202, { 'content-type': 'text/plain', trailer: 'x-sum' });
    request.on('data', (data) => response.write(data));
    request.on('end', () => {
      response.addTrailers({ 'x-sum': '5' });
      response.end();
    });
  });
  await using egress = testEgress([server.authority]);
  expect(await play('wholeExchange', server.authority, egress)).toEqual({
    status: 202,
    type: ['text/plain'],
    frozen: { tag: 'immutable' },
    second: { tag: 'err', val: undefined },
    again: undefined,
    received: 'hello',
    end: { tag: 'closed' },
    trailer: ['5'],
  });
});

it('never lets a body look complete that is not', async () => {
  let complete = 0;
  await using server = await webServer((request, response) =>
    request.resume().on('end', () => {
      complete += 1;
      response.end();
    }),
  );
  await using egress = testEgress([server.authority]);
  expect(await play('shortBody', server.authority, egress)).toEqual({
    tooMuch: { tag: 'last-operation-failed', val: { code: { tag: 'HTTP-request-body-size', val: 8n } } },
    finish: { tag: 'HTTP-request-body-size', val: 8n },
    response: { tag: 'ok', val: { tag: 'err', val: { tag: 'connection-terminated' } } },
  });
  for (const story of ['droppedBody', 'bodyDroppedBefore'] as const) {
    await using second = testEgress([server.authority]);
    expect(await play(story, server.authority, second)).toEqual({
      tag: 'ok',
      val: { tag: 'err', val: { tag: 'connection-terminated' } },
    });
  }
  expect(complete).toBe(0);
});

it('tells why a body broke off', async () => {
  await using server = await rawServer((socket) => {
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this');
  });
  await using egress = testEgress([server.authority]);
  expect(await play('brokenResponse', server.authority, egress)).toEqual({
    tag: 'last-operation-failed',
    code: { tag: 'HTTP-response-incomplete' },
    after: { tag: 'closed' },
  });
});

it('waits for the host and for the clock at once', async () => {
  await using server = await rawServer(() => {});
  await using egress = testEgress([server.authority]);
  expect(await play('pollBoth', server.authority, egress)).toEqual({
    before: false,
    ready: [1],
    answer: undefined,
  });
});

it('keeps the time-outs that the guest sets', async () => {
  await using server = await rawServer(() => {});
  await using egress = testEgress([server.authority]);
  expect(await play('ownTimeout', server.authority, egress)).toEqual({
    tag: 'ok',
    val: { tag: 'err', val: { tag: 'HTTP-response-timeout' } },
  });
});

it('holds one chunk of a body that has nowhere to go, and waits for nothing that can not come', async () => {
  await using egress = testEgress([]);
  expect(await play('writesBeforeSending', 'example.com', egress)).toEqual({
    room: 65_536n,
    left: 5_536n,
    tooMuch: 'trap: RangeError',
    blocking: { tag: 'closed' },
  });
});

it('stops a guest that hoards handles, and not one that drops them', async () => {
  await using server = await rawServer(() => {});
  await using egress = testEgress([server.authority]);
  expect(await play('hoarding', server.authority, egress)).toEqual({
    sections: 'trap: TooManyHandles',
    timers: 'trap: TooManyHandles',
    pollables: 'trap: TooManyHandles',
  });
});

it('refuses authorities that are none, and denies those with a user', async () => {
  await using server = await rawServer(() => {});
  await using egress = testEgress(['*', server.authority]);
  const withUser = { tag: 'HTTP-request-denied' };
  expect(await play('hostileAuthorities', server.authority, egress)).toEqual([
    ...[undefined, undefined, withUser, undefined, undefined, undefined, undefined],
  ]);
  expect(server.connections()).toBe(0);
});
