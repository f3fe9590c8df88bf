import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildGuest, type Guest } from './fixtures/guest-call.ts';
import { rawServer, testEgress, webServer } from './fixtures/web.ts';

let guest: Guest;
beforeAll(async () => {
  guest = await buildGuest('packages/kami-host/src/sandbox/egress/fixtures/web-guest/tool.ts');
}, 120_000);
afterAll(() => guest?.[Symbol.asyncDispose]());

const megabytes = 1024 * 1024;

describe('a guest that fetches', () => {
  it('gets a page of a granted host', async () => {
    await using server = await webServer(({ headers }, response) =>
      response.end(`seen ${headers['x-mine']}`),
    );
    await using egress = testEgress([server.authority]);
    const url = `http://${server.authority}/page`;
    const answer = await guest.call({ story: 'get', url, headers: { 'x-mine': 'mine' } }, egress);
    expect(answer.outcome).toMatchObject({ structuredContent: { status: 200, url, text: 'seen mine' } });
    expect(egress.uses).toEqual([server.authority]);
  });

  it('posts a body', async () => {
    await using server = await webServer((request, response) => request.pipe(response));
    await using egress = testEgress([server.authority]);
    const answer = await guest.call({ story: 'post', url: `http://${server.authority}/` }, egress);
    expect(answer.outcome).toMatchObject({ structuredContent: { status: 200, text: 'the body' } });
  });

  it('reads 5 MB', async () => {
    await using server = await webServer((_request, response) => response.end(Buffer.alloc(5 * megabytes)));
    await using egress = testEgress([server.authority]);
    const answer = await guest.call({ story: 'download', url: `http://${server.authority}/` }, egress);
    expect(answer.outcome).toMatchObject({ structuredContent: { bytes: 5 * megabytes } });
  });

  it('streams 5 MB both ways', async () => {
    await using server = await webServer((request, response) => request.pipe(response));
    await using egress = testEgress([server.authority]);
    const answer = await guest.call(
      { story: 'upload', url: `http://${server.authority}/`, count: 5 * megabytes },
      egress,
    );
    expect(answer.outcome).toMatchObject({ structuredContent: { status: 200, bytes: 5 * megabytes } });
  });

  it.each(['read', 'unread'])(
    'makes 300 requests one after the other, with their bodies %s',
    async (story) => {
      await using server = await webServer((_request, response) => response.end('ok'));
      await using egress = testEgress([server.authority]);
      const answer = await guest.call({ story, url: `http://${server.authority}/`, count: 300 }, egress);
      expect(answer.outcome).toMatchObject({ structuredContent: { answered: 300 } });
    },
  );

  it('makes 16 requests at once', async () => {
    await using server = await webServer((_request, response) => setTimeout(() => response.end('ok'), 20));
    await using egress = testEgress([server.authority]);
    const answer = await guest.call(
      { story: 'atOnce', url: `http://${server.authority}/`, count: 16 },
      egress,
    );
    expect(answer.outcome).toMatchObject({ structuredContent: { answered: 16 } });
  });

  it('goes on with other things while a server takes its time', async () => {
    await using server = await rawServer(() => {});
    await using egress = testEgress([server.authority]);
    const answer = await guest.call({ story: 'race', url: `http://${server.authority}/` }, egress);
    expect(answer.outcome).toMatchObject({ structuredContent: { first: 'timer' } });
  });

  it('fails cleanly when the server closes early', async () => {
    await using server = await rawServer((socket) => {
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this');
    });
    await using egress = testEgress([server.authority]);
    const answer = await guest.call({ story: 'get', url: `http://${server.authority}/` }, egress);
    expect(answer.outcome).toMatchObject({ status: 'failure', reason: 'tool-error' });
  });

  it('fails cleanly, and is recorded, when the host is refused or there is no broker', async () => {
    await using server = await webServer((_request, response) => response.end('ok'));
    await using egress = testEgress(['example.com']);
    const input = { story: 'get', url: `http://${server.authority}/` };
    const refused = await guest.call(input, egress);
    expect(refused.outcome).toMatchObject({ status: 'failure', reason: 'tool-error' });
    expect(egress.refusals).toEqual([`network http://${server.authority} not-granted`]);
    const denied = await guest.call(input);
    expect(denied.outcome).toMatchObject({ status: 'failure', reason: 'tool-error' });
    expect(denied.refusals).toEqual([
      { capability: 'network', subject: `http://${server.authority}`, count: 1 },
    ]);
    expect(server.connections()).toBe(0);
  });

  it('sees redirects itself, so that every hop is judged', async () => {
    await using inner = await webServer((_request, response) => response.end('inner'));
    await using server = await webServer((_request, response) => {
      response.writeHead(302, { location: `http://${inner.authority}/` }).end();
    });
    await using egress = testEgress([server.authority]);
    const answer = await guest.call({ story: 'get', url: `http://${server.authority}/` }, egress);
    expect(answer.outcome).toMatchObject({ structuredContent: { status: 302 } });
    expect(inner.connections()).toBe(0);
  });
});

it('the example http-fetch reads a page', async () => {
  await using example = await buildGuest('examples/http-fetch/src/tool.ts');
  await using server = await webServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'set-cookie': 'a=b' }).end('Hello, Ada!');
  });
  await using egress = testEgress([server.authority]);
  const url = `http://${server.authority}/page`;
  const { outcome } = await example.call({ url, maxChars: 5 }, egress);
  expect(outcome).toMatchObject({
    structuredContent: {
      status: 200,
      url,
      headers: { 'content-type': 'text/plain' },
      text: 'Hello',
      truncated: true,
    },
  });
}, 120_000);
