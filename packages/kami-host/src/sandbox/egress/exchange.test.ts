import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  certificate,
  headers,
  headerText,
  patterns,
  rawServer,
  requestHead,
  secureServer,
  type TestEgress,
  testEgress,
  webServer,
} from './fixtures/web.ts';

const chunk = new Uint8Array(65_536).fill(120);
const tick = () => new Promise((done) => setTimeout(done, 50));

describe('a request', () => {
  it('arrives as it was made, and its response comes back without what belongs to the connection', async () => {
    await using server = await webServer(({ method, url, headers: received }, response) => {
      response.writeHead(201, {
        'x-answer': 'yes',
        'keep-alive': 'timeout=5',
        'proxy-authenticate': 'Basic',
      });
      response.end(JSON.stringify({ method, url, received }));
    });
    await using egress = testEgress([server.authority]);
    const response = await egress.get(server.authority, {
      method: 'DELETE',
      path: '/a?b=%20c',
      headers: headers(['X-Mine', 'two words'], ['accept', '*/*']),
    });
    expect(response.status).toBe(201);
    const names = response.headers.map(([name]) => name.toLowerCase());
    expect(names).toEqual(['x-answer', 'date']);
    expect(JSON.parse(await egress.text(response.request))).toEqual({
      method: 'DELETE',
      url: '/a?b=%20c',
      received: { host: server.authority, 'x-mine': 'two words', accept: '*/*', connection: 'close' },
    });
  });

  it('carries a body of any size, and gives one back', async () => {
    await using server = await webServer((request, response) => request.pipe(response));
    await using egress = testEgress([server.authority]);
    const request = await egress.ask('request', post(server.authority));
    const sent = (async () => {
      for (let n = 0; n < 80; n++) await egress.ask('writeBody', { request, chunk });
      await egress.ask('finishBody', { request });
    })();
    let bytes = 0;
    await egress.ask('response', { request });
    for (;;) {
      const part = await egress.ask('readBody', { request, maxBytes: 65_536 });
      if (part.kind === 'end') break;
      expect(part.bytes.length).toBeLessThanOrEqual(65_536);
      // What goes to the worker is a copy of its own, never a view of memory that holds other things.
      expect(part.bytes.buffer.byteLength).toBe(part.bytes.length);
      bytes += part.bytes.length;
    }
    await sent;
    expect(bytes).toBe(80 * 65_536);
  });

  it.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ])('%s answered by %i has no body', async (method, status) => {
    await using server = await webServer((_request, response) => {
      response.writeHead(status, { 'x-answer': 'yes' }).end();
    });
    await using egress = testEgress([server.authority]);
    const response = await egress.get(server.authority, { method });
    expect(response.status).toBe(status);
    expect(await egress.text(response.request)).toBe('');
  });

  it('keeps an answer that came before the whole request was taken', async () => {
    await using server = await rawServer((socket) => {
      socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig');
      socket.once('data', () => setTimeout(() => socket.resetAndDestroy(), 100));
    });
    await using egress = testEgress([server.authority]);
    const request = await egress.ask('request', post(server.authority));
    await egress.ask('writeBody', { request, chunk });
    expect(await egress.ask('response', { request })).toMatchObject({ status: 413 });
    const pour = async () => {
      for (;;) await egress.ask('writeBody', { request, chunk });
    };
    await expect(pour()).rejects.toHaveProperty('code');
    expect(await egress.text(request)).toBe('big');
  });

  it('gives trailers with the end of its body', async () => {
    await using server = await webServer((_request, response) => {
      response.writeHead(200, { trailer: 'x-sum' });
      response.write('body');
      response.addTrailers({ 'x-sum': '42' });
      response.end();
    });
    await using egress = testEgress([server.authority]);
    const { request } = await egress.get(server.authority);
    const part = await egress.ask('readBody', { request, maxBytes: 100 });
    expect(part).toMatchObject({ kind: 'chunk', bytes: new TextEncoder().encode('body') });
    const end = await egress.ask('readBody', { request, maxBytes: 100 });
    expect(end).toEqual({ kind: 'end', trailers: [['x-sum', new TextEncoder().encode('42')]] });
  });

  it('goes over TLS only to a server whose certificate is for the name', async () => {
    await using server = await secureServer((_request, response) => response.end('secret talk'));
    const names = { 'api.test': ['127.0.0.1'], 'other.test': ['127.0.0.1'] };
    const allow = [`api.test:${server.port}`, `other.test:${server.port}`, server.authority];
    const reachOf = () => 'public' as const;
    await using egress = testEgress(allow, { names, reachOf, tls: { ca: certificate } });
    for (const host of ['api.test', '127.0.0.1']) {
      const { request } = await egress.get(`${host}:${server.port}`, { scheme: 'https' });
      expect(await egress.text(request)).toBe('secret talk');
    }
    const wrong = egress.get(`other.test:${server.port}`, { scheme: 'https' });
    await expect(wrong).rejects.toMatchObject({ code: 'TLS-certificate-error' });
    await using distrustful = testEgress(allow, { names, reachOf });
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      const untrusted = distrustful.get(`api.test:${server.port}`, { scheme: 'https' });
      await expect(untrusted).rejects.toMatchObject({ code: 'TLS-certificate-error' });
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    }
  });

  it.each([
    ['nobody listens', 'http://127.0.0.1:1', '127.0.0.1:1', 'connection-refused'],
    ['there is no such name', 'http://none.example', 'none.example', 'destination-not-found'],
  ])('fails by name when %s', async (_what, allow, authority, code) => {
    await using egress = testEgress([allow]);
    await expect(egress.get(authority)).rejects.toMatchObject({ code, message: code });
  });

  it.each([
    ['closes at once', (socket: Socket) => void socket.destroy(), 'connection-terminated'],
    ['speaks no HTTP', (socket: Socket) => void socket.end('SSH-2.0-server\r\n'), 'HTTP-protocol-error'],
    [
      'sends two lengths',
      (socket: Socket) =>
        void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'),
      'HTTP-protocol-error',
    ],
    [
      'sends a length and chunks',
      (socket: Socket) =>
        void socket.end(
          'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        ),
      'HTTP-protocol-error',
    ],
    [
      'changes the protocol',
      (socket: Socket) =>
        void socket.write('HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
      'HTTP-upgrade-failed',
    ],
    [
      'sends headers without end',
      (socket: Socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        const line = `x-filler: ${'y'.repeat(1_000)}\r\n`;
        const timer = setInterval(() => socket.write(line.repeat(20)), 1);
        socket.on('close', () => clearInterval(timer));
      },
      'HTTP-response-header-section-size',
    ],
  ])('fails by name when the server %s', async (_what, onConnection, code) => {
    await using server = await rawServer(onConnection);
    await using egress = testEgress([server.authority]);
    await expect(egress.get(server.authority)).rejects.toMatchObject({ code, message: code });
  });

  it('that breaks off in its body says so', async () => {
    await using server = await rawServer((socket) => {
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this');
    });
    await using egress = testEgress([server.authority]);
    const { request } = await egress.get(server.authority);
    await expect(egress.text(request)).rejects.toMatchObject({ code: 'HTTP-response-incomplete' });
  });
});

describe('a server that takes its time', () => {
  it.each([
    ['to answer', () => {}, 'HTTP-response-timeout'],
    [
      'with informational answers only',
      (socket: Socket) => {
        const timer = setInterval(() => socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 10);
        socket.on('close', () => clearInterval(timer));
      },
      'HTTP-response-timeout',
    ],
    [
      'between two bytes',
      (socket: Socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome'),
      'connection-read-timeout',
    ],
  ])('%s is left after the bound', async (_what, onConnection, code) => {
    await using server = await rawServer(onConnection);
    await using egress = testEgress([server.authority], {
      limits: { firstByteTimeoutMs: 200, betweenBytesTimeoutMs: 200 },
    });
    const read = async () => egress.text((await egress.get(server.authority)).request);
    await expect(read()).rejects.toMatchObject({ code });
  });

  it('is left earlier when the guest asks so', async () => {
    await using server = await rawServer(() => {});
    await using egress = testEgress([server.authority]);
    const timeouts = { connectMs: 1_000, firstByteMs: 50, betweenBytesMs: undefined };
    await expect(egress.get(server.authority, { timeouts })).rejects.toMatchObject({
      code: 'HTTP-response-timeout',
    });
  });

  it('to take a body is left after the bound', async () => {
    await using server = await rawServer((socket) => socket.pause());
    await using egress = testEgress([server.authority], { limits: { betweenBytesTimeoutMs: 200 } });
    const request = await egress.ask('request', post(server.authority));
    const pour = async () => {
      for (;;) await egress.ask('writeBody', { request, chunk });
    };
    await expect(pour()).rejects.toMatchObject({ code: 'connection-write-timeout' });
  });

  it('to look its name up is left after the bound', async () => {
    await using egress = testEgress(['http://slow.example'], {
      lookup: () => new Promise(() => {}),
      limits: { connectTimeoutMs: 100 },
    });
    await expect(egress.get('slow.example')).rejects.toMatchObject({ code: 'DNS-timeout' });
  });
});

describe('bounds', () => {
  it('end a response without end, and what nobody reads stays with the server', async () => {
    let sent = 0;
    await using server = await webServer((_request, response) => {
      const pour = () => {
        while (!response.destroyed) {
          sent += chunk.length;
          if (!response.write(chunk)) return response.once('drain', pour);
        }
        return response;
      };
      pour();
    });
    await using egress = testEgress([server.authority], { limits: { maxResponseBytes: 50_000_000 } });
    const { request } = await egress.get(server.authority);
    await tick();
    // Buffers of the kernel on both sides, and no more.
    expect(sent).toBeLessThan(20_000_000);
    await expect(egress.text(request)).rejects.toMatchObject({ code: 'HTTP-response-body-size' });
    expect(sent).toBeLessThan(80_000_000);
  });

  it('hold for a request that is too large, announced or not', async () => {
    await using server = await webServer((request, response) =>
      request.resume().on('end', () => response.end()),
    );
    await using egress = testEgress([server.authority], { limits: { maxRequestBytes: 100_000 } });
    const request = await egress.ask('request', post(server.authority));
    await egress.ask('writeBody', { request, chunk });
    await expect(egress.ask('writeBody', { request, chunk })).rejects.toMatchObject({
      code: 'HTTP-request-body-size',
    });
    await expect(egress.ask('response', { request })).rejects.toMatchObject({
      code: 'HTTP-request-body-size',
    });
    const announced = post(server.authority, headers(['content-length', '100001']));
    await expect(egress.ask('request', announced)).rejects.toMatchObject({ code: 'HTTP-request-body-size' });
  });

  it('hold for the headers of a request', async () => {
    await using egress = testEgress(['127.0.0.1:1'], { limits: { maxHeaderBytes: 1_000 } });
    const many = headers(...Array.from({ length: 100 }, (_, n) => [`x-${n}`, 'value'] as const));
    await expect(egress.get('127.0.0.1:1', { headers: many })).rejects.toMatchObject({
      code: 'HTTP-request-header-section-size',
    });
  });

  it('hold for requests at once and for all of a call; what is closed makes room', async () => {
    await using server = await rawServer(() => {});
    await using egress = testEgress([server.authority], { limits: { maxConcurrent: 3, maxRequests: 5 } });
    const open = () => egress.ask('request', requestHead(server.authority));
    const requests = [await open(), await open(), await open()];
    await expect(open()).rejects.toMatchObject({ code: 'connection-limit-reached' });
    for (const request of requests) await egress.ask('close', { request });
    await open();
    await open();
    await expect(open()).rejects.toMatchObject({ code: 'connection-limit-reached' });
  });

  it('leave a gzip bomb as it comes', async () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000));
    await using server = await webServer((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    });
    await using egress = testEgress([server.authority], { limits: { maxResponseBytes: 100_000 } });
    const response = await egress.get(server.authority);
    expect(headerText(response, 'content-encoding')).toBe('gzip');
    expect((await egress.text(response.request)).length).toBeLessThan(bomb.length + 1);
  });
});

describe('a request made to be misread', () => {
  const refusedHeads = [
    ['CR LF in a value', { headers: headers(['x', 'a\r\nHost: evil']) }],
    ['LF in a value', { headers: headers(['x', 'a\nb']) }],
    ['NUL in a value', { headers: headers(['x', 'a\0b']) }],
    ['CR LF in a name', { headers: headers(['x\r\ny', 'a']) }],
    ['a space in a name', { headers: headers(['content-length ', '5']) }],
    ['an empty name', { headers: headers(['', 'a']) }],
    ['Host', { headers: headers(['hOST', 'evil.com']) }],
    ['Connection', { headers: headers(['Connection', 'keep-alive']) }],
    ['Transfer-Encoding', { headers: headers(['Transfer-Encoding', 'chunked']) }],
    ['TE', { headers: headers(['TE', 'trailers']) }],
    ['Trailer', { headers: headers(['Trailer', 'x']) }],
    ['Upgrade', { headers: headers(['Upgrade', 'h2c']) }],
    ['Expect', { headers: headers(['Expect', '100-continue']) }],
    ['Proxy-Authorization', { headers: headers(['Proxy-Authorization', 'x']) }],
    ['two lengths', { headers: headers(['content-length', '1'], ['Content-Length', '2']) }],
    ['two equal lengths', { headers: headers(['content-length', '1'], ['Content-Length', '1']) }],
    ['a length list', { headers: headers(['content-length', '1, 1']) }],
    ['a signed length', { headers: headers(['content-length', '+1']) }],
    ['a length in hex', { headers: headers(['content-length', '0x1']) }],
    ['CONNECT', { method: 'CONNECT' }],
    ['trace', { method: 'trace' }],
    ['a method with a space', { method: 'GET / HTTP/1.1\r\nx:' }],
    ['an empty method', { method: '' }],
    ['a path with a line end', { path: '/ HTTP/1.1\r\nHost: evil' }],
    ['a path with a space', { path: '/a b' }],
    ['an absolute path', { path: 'http://evil.com/' }],
    ['an authority as path', { path: 'evil.com:80' }],
    ['a path beyond ASCII', { path: '/\u010d\u010a' }],
    ['a fragment', { path: '/#a' }],
    ['an asterisk', { path: '*', method: 'OPTIONS' }],
    ['an endless path', { path: `/${'a'.repeat(20_000)}` }],
  ] as const;

  it.each(refusedHeads)('is not sent: %s', async (_what, head) => {
    await using server = await webServer((_request, response) => response.end());
    await using egress = testEgress([server.authority]);
    await expect(egress.get(server.authority, head)).rejects.toMatchObject({ name: 'HostCallError' });
    expect(server.connections()).toBe(0);
  });

  it.each([
    ['GET', [], ['hello'], 'Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\n\r\n'],
    ['GET', [], [], '', ''],
    ['POST', [], [], 'Content-Length: 0\r\n', ''],
    ['POST', [['content-length', '5']], ['he', 'llo'], 'Content-Length: 5\r\n', 'hello'],
    ['DELETE', [], ['x'], 'Transfer-Encoding: chunked\r\n', '1\r\nx\r\n0\r\n\r\n'],
  ] as const)(
    '%s with %j and the body %j is framed without doubt',
    async (method, given, body, framing, rest) => {
      let received = '';
      await using server = await rawServer((socket) => {
        socket.on('data', (data) => {
          received += data.toString('latin1');
          if (received.endsWith(rest) && received.includes('\r\n\r\n')) {
            socket.end('HTTP/1.1 204 No Content\r\n\r\n');
          }
        });
      });
      await using egress = testEgress([server.authority]);
      const head = requestHead(server.authority, { method, headers: headers(...given), hasBody: true });
      const request = await egress.ask('request', head);
      for (const text of body)
        await egress.ask('writeBody', { request, chunk: new TextEncoder().encode(text) });
      await egress.ask('finishBody', { request });
      await egress.ask('response', { request });
      expect(received).toBe(
        `${method} / HTTP/1.1\r\nHost: ${server.authority}\r\n${framing}Connection: close\r\n\r\n${rest}`,
      );
    },
  );

  it('is broken off when its body is shorter or longer than announced', async () => {
    let complete = 0;
    await using server = await webServer((request, response) =>
      request.resume().on('end', () => {
        complete += 1;
        response.end();
      }),
    );
    await using egress = testEgress([server.authority]);
    const announced = post(server.authority, headers(['content-length', '5']));
    const short = await egress.ask('request', announced);
    await egress.ask('writeBody', { request: short, chunk: new Uint8Array(4) });
    await expect(egress.ask('finishBody', { request: short })).rejects.toMatchObject({
      code: 'HTTP-request-body-size',
    });
    const long = await egress.ask('request', announced);
    await expect(egress.ask('writeBody', { request: long, chunk: new Uint8Array(6) })).rejects.toMatchObject({
      code: 'HTTP-request-body-size',
    });
    await tick();
    expect(complete).toBe(0);
  });

  it('has a body that begins late: the head goes out when the guest waits for the response', async () => {
    await using server = await webServer((request, response) => {
      response.flushHeaders();
      request.pipe(response);
    });
    await using egress = testEgress([server.authority]);
    const request = await egress.ask('request', post(server.authority));
    expect(await egress.ask('response', { request })).toMatchObject({ status: 200 });
    await egress.ask('writeBody', { request, chunk: new TextEncoder().encode('late') });
    await egress.ask('finishBody', { request });
    expect(await egress.text(request)).toBe('late');
  });
});

describe('an injected credential', () => {
  const key = 'Bearer key-of-the-operator';

  it('is sent to its host in the place of what the guest sets, and to no other', async () => {
    const seen: string[] = [];
    const note =
      (name: string): RequestListener =>
      (request, response) => {
        seen.push(`${name} ${request.headers.authorization}`);
        response.end();
      };
    await using mine = await webServer(note('mine'));
    await using other = await webServer(note('other'));
    await using egress = testEgress([mine.authority, other.authority], {
      credentials: [credential(mine.authority)],
    });
    for (const { authority } of [mine, other]) {
      await egress.get(authority, { headers: headers(['AUTHORIZATION', 'guessed']) });
      await egress.get(authority);
    }
    expect(seen).toEqual([`mine ${key}`, `mine ${key}`, 'other guessed', 'other undefined']);
  });

  it('is not sent in the clear, but over TLS', async () => {
    const seen: (string | undefined)[] = [];
    await using plain = await webServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end();
    });
    await using secured = await secureServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end();
    });
    const credentials = [credential(`http://api.test:${plain.port}`), credential(`api.test:${secured.port}`)];
    const allow = [`http://api.test:${plain.port}`, `api.test:${secured.port}`];
    await using egress = testEgress(allow, {
      credentials,
      names: { 'api.test': ['127.0.0.1'] },
      reachOf: () => 'public',
      tls: { ca: certificate },
    });
    await egress.get(`api.test:${plain.port}`);
    await egress.get(`api.test:${secured.port}`, { scheme: 'https' });
    expect(seen).toEqual([undefined, key]);
  });

  it.each([
    ['a refused connection', '127.0.0.1:1'],
    ['a value that is no header', 'line\nbreak'],
  ])('is in no error: %s', async (_what, value) => {
    await using egress = testEgress(['127.0.0.1:1'], {
      credentials: [{ ...credential('127.0.0.1:1'), value }],
    });
    const error = await egress.get('127.0.0.1:1').catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'HostCallError' });
    expect(`${(error as Error).message} ${(error as { code: string }).code}`).not.toContain(value);
    expect(JSON.stringify([egress.refusals, egress.uses])).not.toContain('key-of');
  });

  function credential(text: string) {
    const [host] = patterns(text);
    if (host === undefined) throw new Error('no pattern');
    return { host, header: 'Authorization', value: key };
  }
});

describe('the end of a call', () => {
  it('ends every connection at once, whatever it was doing', async () => {
    const closed: Promise<unknown>[] = [];
    await using server = await rawServer((socket) => {
      closed.push(once(socket.resume(), 'close'));
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome');
    });
    await using egress = testEgress([server.authority]);
    const reading = await egress.get(server.authority);
    await egress.ask('readBody', { request: reading.request, maxBytes: 100 });
    const read = egress.ask('readBody', { request: reading.request, maxBytes: 100 });
    const writing = await egress.ask('request', post(server.authority));
    const response = egress.ask('response', { request: writing });
    await response;
    const settled = Promise.allSettled([read, egress.ask('readBody', { request: writing, maxBytes: 1 })]);
    await egress.service.close();
    await settled;
    await Promise.all(closed);
    expect(closed).toHaveLength(2);
    await expect(read).rejects.toMatchObject({ code: 'connection-terminated' });
    await expect(egress.ask('request', post(server.authority))).rejects.toMatchObject({
      code: 'connection-terminated',
    });
  });

  it('ends a connection whose request has not begun', async () => {
    const { promise, resolve } = Promise.withResolvers<Socket>();
    await using server = await rawServer((socket) => resolve(socket.resume()));
    await using egress = testEgress([server.authority]);
    const request = await egress.ask('request', post(server.authority));
    const closed = once(await promise, 'close');
    await egress.ask('close', { request });
    await closed;
    expect(server.connections()).toBe(1);
  });

  it('leaves nothing that a late message could reach in another call', async () => {
    await using server = await rawServer(() => {});
    const open = (egress: TestEgress) => egress.ask('request', requestHead(server.authority));
    await using first = testEgress([server.authority]);
    await using second = testEgress([server.authority]);
    const [old, current] = [await open(first), await open(second)];
    expect(old).not.toBe(current);
    await expect(second.ask('response', { request: old })).rejects.toMatchObject({ code: 'internal-error' });
  });
});

describe('messages of a worker that was taken over', () => {
  it('are refused, whatever they are', async () => {
    await using server = await rawServer(() => {});
    await using egress = testEgress([server.authority]);
    const request = await egress.ask('request', post(server.authority));
    const values: unknown[] = [
      ...[undefined, null, 0, -1, 1.5, Number.NaN, 1n, '', 'x', true, [], {}, { request }, { request: '1' }],
      ...[{ request: 2 ** 53 }, { request, chunk: 'text' }, { request, chunk: new Uint8Array(65_537) }],
      ...[
        { request, chunk: new Uint8Array(new SharedArrayBuffer(8)) },
        { request, maxBytes: 0 },
      ],
      ...[
        { request, maxBytes: -5 },
        { request, maxBytes: Number.POSITIVE_INFINITY },
      ],
      { ...requestHead(server.authority), headers: [['a']] },
      { ...requestHead(server.authority), headers: 'a: b' },
      { ...requestHead(server.authority), headers: [['a', 'b']] },
      {
        ...requestHead(server.authority),
        headers: Array.from({ length: 5_000 }, () => ['a', new Uint8Array(0)]),
      },
      { ...requestHead(server.authority), timeouts: { connectMs: -1 } },
      { ...requestHead(server.authority), timeouts: { connectMs: Number.NaN } },
      { ...requestHead(server.authority), timeouts: null },
      { ...requestHead(server.authority), path: 5 },
      { ...requestHead(server.authority), authority: { toString: () => server.authority } },
      { ...requestHead('a'.repeat(100_000)) },
    ];
    const methods = ['request', 'writeBody', 'readBody', 'constructor', '__proto__', 'toString', ''];
    for (const method of methods) {
      for (const args of values) {
        await expect(egress.service.handle(method, args)).rejects.toMatchObject({ name: 'HostCallError' });
      }
    }
  });
});

function post(authority: string, given: ReturnType<typeof headers> = []) {
  return requestHead(authority, { method: 'POST', headers: given, hasBody: true });
}
