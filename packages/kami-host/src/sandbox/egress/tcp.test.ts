import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { tcpOf } from './fixtures/tcp.ts';
import { rawServer, testEgress, webServer } from './fixtures/web.ts';

const megabytes = 1024 * 1024;
const echoServer = () => rawServer((socket) => socket.pipe(socket), { allowHalfOpen: true });
const grantOf = ({ authority }: { readonly authority: string }) => `tcp://${authority}`;

describe('a connection', () => {
  it('to a granted address carries bytes both ways', async () => {
    await using server = await echoServer();
    await using egress = testEgress([grantOf(server)]);
    const tcp = tcpOf(egress);
    const socket = await tcp.connect(server.port);
    await tcp.send(socket, 'hello');
    await tcp.ask('tcpShutdown', { socket, side: 'send' });
    expect(await tcp.text(socket)).toBe('hello');
    expect(egress.uses).toEqual([grantOf(server)]);
    expect(egress.refusals).toEqual([]);
    expect(egress.lookups).toEqual([]);
  });

  it('to a granted name goes to the address that the name was looked up to, once', async () => {
    await using server = await echoServer();
    const grant = `tcp://db.localhost:${server.port}`;
    await using egress = testEgress([grant], {
      names: { 'db.localhost': ['127.0.0.1', '::ffff:127.0.0.1'] },
    });
    const tcp = tcpOf(egress);
    expect(await tcp.ask('resolve', { name: 'DB.localhost.' })).toEqual(['127.0.0.1']);
    expect(await tcp.ask('resolve', { name: 'db.localhost' })).toEqual(['127.0.0.1']);
    await tcp.connect(server.port);
    expect(egress.lookups).toEqual(['db.localhost']);
    expect(egress.uses).toEqual([grant]);
  });

  it('ends in each direction on its own', async () => {
    await using answersAfterTheEnd = await rawServer(
      (socket) => {
        let seen = '';
        socket.setEncoding('utf8').on('data', (text) => {
          seen += text;
        });
        socket.on('end', () => socket.end(`seen ${seen}`));
      },
      { allowHalfOpen: true },
    );
    const received = Promise.withResolvers<string>();
    await using endsFirst = await rawServer(
      (socket) => {
        socket.end('first');
        socket.setEncoding('utf8').on('data', received.resolve);
      },
      { allowHalfOpen: true },
    );
    await using egress = testEgress([grantOf(answersAfterTheEnd), grantOf(endsFirst)]);
    const tcp = tcpOf(egress);
    const asking = await tcp.connect(answersAfterTheEnd.port);
    await tcp.send(asking, 'all');
    await tcp.ask('tcpShutdown', { socket: asking, side: 'send' });
    expect(await tcp.text(asking)).toBe('seen all');
    await expect(tcp.send(asking, 'more')).rejects.toMatchObject({ code: 'connection-terminated' });

    const listening = await tcp.connect(endsFirst.port);
    expect(await tcp.text(listening)).toBe('first');
    await tcp.send(listening, 'and second');
    expect(await received.promise).toBe('and second');
  });

  it('carries 5 MB each way at once', async () => {
    await using server = await echoServer();
    await using egress = testEgress([grantOf(server)]);
    const tcp = tcpOf(egress);
    const socket = await tcp.connect(server.port);
    const chunk = new Uint8Array(65_536).fill(7);
    const send = async () => {
      for (let sent = 0; sent < 5 * megabytes; sent += chunk.length)
        await tcp.ask('tcpWrite', { socket, chunk });
      await tcp.ask('tcpShutdown', { socket, side: 'send' });
    };
    const [text] = await Promise.all([tcp.text(socket), send()]);
    expect(text).toBe('\u0007'.repeat(5 * megabytes));
  });

  it('delivers what was written before it was closed', async () => {
    const received = Promise.withResolvers<string>();
    await using server = await rawServer((socket) => {
      let text = '';
      socket.setEncoding('latin1').on('data', (part) => {
        text += part;
      });
      socket.on('close', () => received.resolve(text));
    });
    await using egress = testEgress([grantOf(server)]);
    const tcp = tcpOf(egress);
    const socket = await tcp.connect(server.port);
    const chunk = new Uint8Array(65_536).fill(65);
    const writes = Array.from({ length: 40 }, () => tcp.ask('tcpWrite', { socket, chunk }));
    await tcp.ask('tcpClose', { socket });
    await Promise.all(writes);
    expect((await received.promise).length).toBe(40 * chunk.length);
    await expect(tcp.send(socket, 'late')).rejects.toMatchObject({ code: 'internal-error' });
  });

  it('tells why it is none', async () => {
    const server = await echoServer();
    await server[Symbol.asyncDispose]();
    await using egress = testEgress([grantOf(server), 'tcp://nowhere.example:1']);
    const tcp = tcpOf(egress);
    await expect(tcp.connect(server.port)).rejects.toMatchObject({ code: 'connection-refused' });
    await expect(tcp.ask('resolve', { name: 'nowhere.example' })).rejects.toMatchObject({
      code: 'destination-not-found',
    });
    expect(egress.refusals).toEqual([]);
  });

  it('breaks when the server breaks it', async () => {
    await using server = await rawServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    await using egress = testEgress([grantOf(server)]);
    const tcp = tcpOf(egress);
    const socket = await tcp.connect(server.port);
    await tcp.send(socket, 'hello');
    await expect(tcp.text(socket)).rejects.toMatchObject({ code: 'connection-terminated' });
    await expect(tcp.send(socket, 'more')).rejects.toMatchObject({ code: 'connection-terminated' });
  });

  it('gives up what comes in when the guest wants no more', async () => {
    await using server = await rawServer((socket) => socket.write('hello'));
    await using egress = testEgress([grantOf(server)]);
    const tcp = tcpOf(egress);
    const socket = await tcp.connect(server.port);
    expect((await tcp.ask('tcpRead', { socket, maxBytes: 5 }))?.length).toBe(5);
    const waiting = tcp.ask('tcpRead', { socket, maxBytes: 5 });
    await expect(tcp.ask('tcpRead', { socket, maxBytes: 5 })).rejects.toMatchObject({ code: 'busy' });
    await tcp.ask('tcpShutdown', { socket, side: 'receive' });
    expect(await waiting).toBeUndefined();
    await tcp.send(socket, 'still');
  });
});

describe('bounds', () => {
  it('requests and connections share the places of a call', async () => {
    await using web = await webServer(() => {});
    await using server = await echoServer();
    await using egress = testEgress([web.authority, grantOf(server)], { limits: { maxConcurrent: 2 } });
    const tcp = tcpOf(egress);
    const socket = await tcp.connect(server.port);
    void egress.get(web.authority).catch(() => {});
    await expect(tcp.connect(server.port)).rejects.toMatchObject({ code: 'connection-limit-reached' });
    await expect(egress.get(web.authority)).rejects.toMatchObject({ code: 'connection-limit-reached' });
    await tcp.ask('tcpClose', { socket });
    await tcp.connect(server.port);
  });

  it('a call may open so many, whatever it closes, and look up so many names', async () => {
    await using server = await echoServer();
    await using egress = testEgress([grantOf(server), 'tcp://nowhere.example:1'], {
      limits: { maxRequests: 3 },
    });
    const tcp = tcpOf(egress);
    const name = 'nowhere.example';
    await expect(tcp.ask('resolve', { name })).rejects.toMatchObject({ code: 'destination-not-found' });
    for (let n = 0; n < 2; n++) await tcp.ask('tcpClose', { socket: await tcp.connect(server.port) });
    await expect(tcp.connect(server.port)).rejects.toMatchObject({ code: 'connection-limit-reached' });
    await expect(tcp.ask('resolve', { name })).rejects.toMatchObject({ code: 'connection-limit-reached' });
    expect(egress.lookups).toEqual([name]);
  });

  it('what a server does not take is not taken from the guest, and does not wait for ever', async () => {
    await using server = await rawServer((socket) => socket.pause());
    await using egress = testEgress([grantOf(server)], { limits: { betweenBytesTimeoutMs: 300 } });
    const tcp = tcpOf(egress);
    const socket = await tcp.connect(server.port);
    const chunk = new Uint8Array(65_536);
    let taken = 0;
    const flood = async () => {
      for (; taken < 64 * megabytes; taken += chunk.length) await tcp.ask('tcpWrite', { socket, chunk });
    };
    await expect(flood()).rejects.toMatchObject({ code: 'connection-timeout' });
    expect(taken).toBeLessThan(32 * megabytes);
  });

  it('what the guest does not read stays with the server', async () => {
    const sent = Promise.withResolvers<number>();
    await using server = await rawServer((socket) => {
      socket.on('close', () => sent.resolve(socket.bytesWritten));
      const flood = () => {
        while (socket.writable && socket.write(Buffer.alloc(65_536)));
      };
      socket.on('drain', flood);
      flood();
    });
    await using egress = testEgress([grantOf(server)], { limits: { betweenBytesTimeoutMs: 300 } });
    const tcp = tcpOf(egress);
    await tcp.connect(server.port);
    expect(await sent.promise).toBeLessThan(32 * megabytes);
  });

  it('a server that says nothing is waited for until the time is over', async () => {
    await using server = await rawServer(() => {});
    await using egress = testEgress([grantOf(server)], { limits: { betweenBytesTimeoutMs: 50 } });
    const tcp = tcpOf(egress);
    const socket = await tcp.connect(server.port);
    await expect(tcp.text(socket)).rejects.toMatchObject({ code: 'connection-timeout' });
  });

  it('a name that nobody answers for is waited for until the time is over', async () => {
    await using egress = testEgress(['tcp://db.example:1'], {
      lookup: () => new Promise(() => {}),
      limits: { connectTimeoutMs: 50 },
    });
    await expect(tcpOf(egress).ask('resolve', { name: 'db.example' })).rejects.toMatchObject({
      code: 'DNS-timeout',
    });
  });

  it('everything ends with the call', async () => {
    const closed = Promise.withResolvers<void>();
    await using server = await rawServer((socket) => socket.on('close', () => closed.resolve()));
    await using egress = testEgress([grantOf(server), 'tcp://db.example:1'], {
      lookup: () => new Promise(() => {}),
    });
    const tcp = tcpOf(egress);
    const socket = await tcp.connect(server.port);
    const reading = tcp.text(socket);
    const looking = tcp.ask('resolve', { name: 'db.example' });
    const ended = Promise.allSettled([reading, looking]);
    await egress.service.close();
    expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await closed.promise;
    await expect(tcp.connect(server.port)).rejects.toMatchObject({ code: 'connection-terminated' });
  });
});

describe('what was not granted', () => {
  it.each([
    ['nothing', []],
    ['every host of the web', ['*', 'http://*', 'https://*']],
    ['another port', ['tcp://127.0.0.1:1']],
    ['another address', ['tcp://127.0.0.2:PORT']],
    ['a name for it that was not looked up', ['tcp://localhost:PORT']],
    ['the same server for the web', ['127.0.0.1:PORT', 'http://127.0.0.1:PORT', 'https://127.0.0.1:PORT']],
  ])('is refused and recorded, with %s granted', async (_what, grants) => {
    await using server = await echoServer();
    const names = { localhost: ['127.0.0.1'] };
    const granted = grants.map((grant) => grant.replace('PORT', `${server.port}`));
    await using egress = testEgress(granted, { names });
    await expect(tcpOf(egress).connect(server.port)).rejects.toMatchObject({ code: 'tcp-denied' });
    expect(egress.refusals).toEqual([`sockets tcp://127.0.0.1:${server.port} not-granted`]);
    expect(egress.uses).toEqual([]);
    expect(server.connections()).toBe(0);

    await using weak = testEgress([...granted, grantOf(server)], { names });
    await tcpOf(weak).connect(server.port);
    expect(server.connections()).toBe(1);
  });

  it('is named by the host that was looked up, when its port is another one', async () => {
    await using server = await echoServer();
    await using egress = testEgress(['tcp://localhost:1'], { names: { localhost: ['127.0.0.1'] } });
    const tcp = tcpOf(egress);
    await tcp.ask('resolve', { name: 'localhost' });
    await expect(tcp.connect(server.port)).rejects.toMatchObject({ code: 'tcp-denied' });
    expect(egress.refusals).toEqual([`sockets tcp://localhost:${server.port} not-granted`]);
    expect(server.connections()).toBe(0);
  });

  it('is the port of another name for the same address, until that was looked up', async () => {
    await using server = await echoServer();
    const names = { 'a.localhost': ['127.0.0.1'], 'b.localhost': ['127.0.0.1'] };
    await using egress = testEgress(['tcp://a.localhost:1', `tcp://b.localhost:${server.port}`], { names });
    const tcp = tcpOf(egress);
    await tcp.ask('resolve', { name: 'a.localhost' });
    await expect(tcp.connect(server.port)).rejects.toMatchObject({ code: 'tcp-denied' });
    await tcp.ask('resolve', { name: 'b.localhost' });
    await tcp.connect(server.port);
  });

  it('is what another call has looked up', async () => {
    await using server = await echoServer();
    const grants = [`tcp://localhost:${server.port}`];
    const names = { localhost: ['127.0.0.1'] };
    await using first = testEgress(grants, { names });
    await tcpOf(first).ask('resolve', { name: 'localhost' });
    await using second = testEgress(grants, { names });
    await expect(tcpOf(second).connect(server.port)).rejects.toMatchObject({ code: 'tcp-denied' });
    await tcpOf(first).connect(server.port);
    expect(server.connections()).toBe(1);
  });

  it.each([
    'localhost',
    '127.1',
    '2130706433',
    '0x7f.1',
    '127.0.0.1.',
    ' 127.0.0.1',
    '[::1]',
    '::1%lo',
    '0.0.0.0',
    '::',
    '',
  ])('is %j in the place of 127.0.0.1', async (address) => {
    await using server = await echoServer();
    await using egress = testEgress([grantOf(server)]);
    await expect(tcpOf(egress).connect(server.port, address)).rejects.toMatchObject({ code: 'tcp-denied' });
    expect(egress.refusals).toHaveLength(1);
    expect(server.connections()).toBe(0);
  });

  it('is not another spelling of the same address: what is connected to is judged', async () => {
    await using server = await echoServer();
    await using egress = testEgress([grantOf(server)]);
    await tcpOf(egress).connect(server.port, '::ffff:7f00:1');
    expect(server.connections()).toBe(1);
  });

  it('is not opened as a request either', async () => {
    await using server = await echoServer();
    await using egress = testEgress([grantOf(server)]);
    for (const scheme of ['tcp', 'http', 'https'])
      await expect(egress.get(server.authority, { scheme })).rejects.toMatchObject({
        code: 'HTTP-request-denied',
      });
    expect(server.connections()).toBe(0);
  });
});

describe('a lookup', () => {
  const channel = 'the-secret-is-42.evil.example';

  it.each([
    ['nothing', []],
    ['every host of the web', ['*', '*.evil.example', channel]],
    ['its domain', ['tcp://evil.example:53', 'tcp://example:53']],
  ])('of a name that was not granted asks nobody and is recorded, with %s granted', async (_what, grants) => {
    await using egress = testEgress(grants, { names: { [channel]: ['203.0.112.1'] } });
    await expect(tcpOf(egress).ask('resolve', { name: channel })).rejects.toMatchObject({
      code: 'tcp-denied',
    });
    expect(egress.lookups).toEqual([]);
    expect(egress.refusals).toEqual([`sockets lookup of ${channel} not-granted`]);

    await using weak = testEgress([...grants, `tcp://${channel}:53`], {
      names: { [channel]: ['203.0.112.1'] },
    });
    expect(await tcpOf(weak).ask('resolve', { name: channel })).toEqual(['203.0.112.1']);
    expect(weak.lookups).toEqual([channel]);
  });

  it.each([
    '',
    '.',
    'db.example.evil.example',
    'xdb.example',
    'a@db.example',
    'db.example:1',
    'db.example/',
    'a b',
    '\0',
  ])('of %j is not one of db.example', async (name) => {
    await using egress = testEgress(['tcp://db.example:1'], {
      lookup: async () => [{ address: '203.0.112.1' }],
    });
    await expect(tcpOf(egress).ask('resolve', { name })).rejects.toMatchObject({ code: 'tcp-denied' });
    expect(egress.lookups).toEqual([]);
    expect(egress.refusals).toHaveLength(1);
  });

  it('of an address is that address, asks nobody, and opens nothing', async () => {
    await using egress = testEgress(['tcp://db.example:1']);
    const tcp = tcpOf(egress);
    expect(await tcp.ask('resolve', { name: '127.0.0.1' })).toEqual(['127.0.0.1']);
    expect(await tcp.ask('resolve', { name: '::ffff:10.0.0.1' })).toEqual(['10.0.0.1']);
    expect(egress.lookups).toEqual([]);
    await expect(tcp.connect(1)).rejects.toMatchObject({ code: 'tcp-denied' });
  });

  it.each([['127.0.0.1'], ['::1'], ['169.254.169.254'], ['::ffff:127.0.0.1'], ['203.0.112.1', '127.0.0.1']])(
    'that is answered with an address of the inside is refused: %s',
    async (...addresses) => {
      await using server = await echoServer();
      const grants = [`tcp://db.evil.example:${server.port}`];
      const names = { 'db.evil.example': addresses };
      await using egress = testEgress(grants, { names });
      const tcp = tcpOf(egress);
      await expect(tcp.ask('resolve', { name: 'db.evil.example' })).rejects.toMatchObject({
        code: 'destination-IP-prohibited',
      });
      await expect(tcp.connect(server.port)).rejects.toMatchObject({ code: 'tcp-denied' });
      expect(egress.refusals).toEqual([
        `sockets tcp://db.evil.example:${server.port} private-address`,
        `sockets tcp://127.0.0.1:${server.port} not-granted`,
      ]);
      expect(server.connections()).toBe(0);
    },
  );

  it('would lead inside without the check of addresses', async () => {
    await using server = await echoServer();
    const names = { 'db.evil.example': ['127.0.0.1'] };
    await using weak = testEgress([`tcp://db.evil.example:${server.port}`], {
      names,
      reachOf: () => 'public',
    });
    await tcpOf(weak).ask('resolve', { name: 'db.evil.example' });
    await tcpOf(weak).connect(server.port);
    expect(server.connections()).toBe(1);
  });

  it('of a granted name may lead into a network of the operator', async () => {
    await using egress = testEgress(['tcp://db.corp.example:5432'], {
      names: { 'db.corp.example': ['10.0.0.7'] },
    });
    expect(await tcpOf(egress).ask('resolve', { name: 'db.corp.example' })).toEqual(['10.0.0.7']);
  });

  it('is answered once: a name that changes its mind leads nowhere', async () => {
    await using server = await echoServer();
    const rebinding = () => {
      let asked = 0;
      return async () => [{ address: asked++ === 0 ? '203.0.112.1' : '127.0.0.1' }];
    };
    const name = 'db.evil.example';
    expect(await lookUpTwice(rebinding(), server.port)).toBe('connected');

    await using egress = testEgress([`tcp://${name}:${server.port}`], { lookup: rebinding() });
    const tcp = tcpOf(egress);
    expect(await tcp.ask('resolve', { name })).toEqual(['203.0.112.1']);
    expect(await tcp.ask('resolve', { name })).toEqual(['203.0.112.1']);
    await expect(tcp.connect(server.port)).rejects.toMatchObject({ code: 'tcp-denied' });
    expect(egress.lookups).toEqual([name]);
    expect(server.connections()).toBe(1);
  });
});

describe('requests that no honest worker sends', () => {
  it.each([
    ['tcpConnect', undefined],
    ['tcpConnect', { address: 5, port: 1 }],
    ['tcpConnect', { address: '127.0.0.1', port: '80' }],
    ['tcpConnect', { address: 'x'.repeat(100_000), port: 80 }],
    ['tcpConnected', { socket: 10 ** 9 }],
    ['tcpRead', { socket: 1, maxBytes: -1 }],
    ['tcpShutdown', { socket: 1, side: '__proto__' }],
    ['tcpClose', { socket: {} }],
    ['resolve', { name: 7 }],
    ['tcpListen', { port: 80 }],
    ['constructor', {}],
  ])('fail: %s %.60j', async (method, args) => {
    await using egress = testEgress(['tcp://127.0.0.1:1']);
    await expect(egress.service.handle(method, args)).rejects.toMatchObject({ code: 'internal-error' });
    expect(egress.refusals).toEqual([]);
  });

  it.each([0, -1, 65_536, 2 ** 40])('fail: port %j', async (port) => {
    await using egress = testEgress(['tcp://127.0.0.1:1']);
    await expect(tcpOf(egress).connect(port)).rejects.toMatchObject({ code: 'tcp-denied' });
  });

  it('fail: bytes that are shared, too many, or for a request', async () => {
    await using server = await echoServer();
    await using web = await webServer(() => {});
    await using egress = testEgress([grantOf(server), web.authority]);
    const tcp = tcpOf(egress);
    const socket = await tcp.connect(server.port);
    for (const chunk of [new Uint8Array(65_537), new Uint8Array(new SharedArrayBuffer(4))])
      await expect(tcp.ask('tcpWrite', { socket, chunk })).rejects.toMatchObject({ code: 'internal-error' });
    await expect(egress.ask('response', { request: socket })).rejects.toMatchObject({
      code: 'internal-error',
    });
    expect(await tcp.ask('tcpClose', { socket: 10 ** 9 })).toBeUndefined();
  });
});

/** What not to do: judge one answer of DNS, and connect to the next. */
async function lookUpTwice(
  lookup: () => Promise<readonly { address: string }[]>,
  port: number,
): Promise<string> {
  const [first] = await lookup();
  if (first?.address.startsWith('127.') !== false) throw new Error('refused');
  const [second] = await lookup();
  const socket = connect({ host: second?.address ?? '', port });
  await once(socket, 'connect');
  socket.destroy();
  return 'connected';
}
