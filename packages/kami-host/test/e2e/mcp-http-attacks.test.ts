import { randomBytes } from 'node:crypto';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  ask,
  callTool,
  connectHttp,
  connectRaw,
  type HttpServer,
  listTools,
  startHttpServer,
  until,
} from '../fixtures/http-server.ts';
import { runKami } from '../fixtures/kami-command.ts';
import { textOf } from '../fixtures/mcp-client.ts';
import { type TempFolder, tempFolder } from '../fixtures/temp-folder.ts';
import { installWatTools } from '../fixtures/wat-package.ts';
import { honestTools } from '../fixtures/wat-tools.ts';

const token = 'The-Token-of-the-operator_0123456789';
let data: TempFolder;
let server: HttpServer;
let open: HttpServer;

beforeAll(async () => {
  data = await tempFolder();
  await installWatTools({ parrot: honestTools.parrot }, { dataDir: data.path });
  server = await startHttpServer({ dataDir: data.path, env: { KAMI_HTTP_TOKEN: token } });
  open = await startHttpServer({ dataDir: data.path }, [
    '--no-auth',
    ...['--allowed-hosts', 'mcp.example.com', '--allowed-origins', 'https://app.example.com'],
  ]);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await open[Symbol.asyncDispose]();
  await data[Symbol.asyncDispose]();
});

/** The server answers as if nothing had been. */
async function stillServes(target: HttpServer): Promise<void> {
  expect(target.child.exitCode).toBe(null);
  await using connection = await connectHttp({ url: target.url, token });
  const result = await connection.call('test_wat_parrot', { text: 'still serving' });
  expect(textOf(result)).toContain('still serving');
  expect(target.stderr()).not.toMatch(/^\s+at /m);
}

/** Nothing of what the server does was done for it. */
function expectRefused({ status, text }: Answer, expected: number): void {
  expect(status).toBe(expected);
  expect(text).not.toContain('test_wat_parrot');
}

describe('a web page that made its own name point here (DNS rebinding)', () => {
  it.each([
    'evil.example',
    'evil.example:8642',
    'localhost.evil.example',
    'localhost@evil.example',
    'evil.example@localhost',
    'localhost, evil.example',
    'localhost/evil',
    'localhost.',
    '127.0.0.1.nip.io',
    '127.0.0.2',
    '2130706433',
    '0x7f.1',
    '0.0.0.0',
    '[::]',
  ])('is refused: Host %j', async (host) => {
    for (const path of ['/mcp', '/health']) {
      expectRefused(await ask(open, { path, headers: { host } }), 403);
    }
  });

  it('is refused: no Host, an empty one, another in the target', async () => {
    for (const [request, status] of [
      ['GET /health HTTP/1.1\r\nConnection: close', 400],
      ['GET /health HTTP/1.0', 403],
      ['GET /health HTTP/1.1\r\nConnection: close\r\nHost:', 403],
      ['GET http://evil.example/health HTTP/1.1\r\nConnection: close\r\nHost: localhost', 400],
    ] as const) {
      const raw = await connectRaw(open, `${request}\r\n\r\n`);
      expect([request, await raw.closed()]).toEqual([request, expect.stringContaining(` ${status} `)]);
    }
  });

  it('its own names are taken, those that were added among them', async () => {
    for (const host of ['localhost', 'LOCALHOST:1', `127.0.0.1:${open.port}`, '[::1]:5', 'mcp.example.com']) {
      expect([host, (await ask(open, { headers: { host } })).status]).toEqual([host, 200]);
    }
  });
});

describe('a web page of another origin', () => {
  it.each([
    'https://evil.example',
    'http://localhost:3000',
    'http://127.0.0.1',
    'null',
    'https://app.example.com.evil.example',
    'https://evil.example/?https://app.example.com',
    'http://app.example.com',
    'https://app.example.com:444',
    'file://',
  ])('is refused: Origin %j', async (origin) => {
    expectRefused(await ask(open, { headers: { origin } }), 403);
    const preflight = await ask(open, { method: 'OPTIONS', headers: { origin } });
    expectRefused(preflight, 403);
    expect(preflight.headers['access-control-allow-origin']).toBe(undefined);
  });

  it('may call, and read the answer, where the operator allowed it', async () => {
    const headers = { origin: 'https://app.example.com' };
    const { status, headers: said } = await ask(open, { headers });
    expect([status, said['access-control-allow-origin']]).toEqual([200, 'https://app.example.com']);
    const asked = { 'access-control-request-headers': 'authorization, mcp-method' };
    const preflight = await ask(open, { method: 'OPTIONS', headers: { ...headers, ...asked } });
    expect(preflight.status).toBe(204);
    expect(preflight.headers['access-control-allow-headers']).toBe('authorization, mcp-method');
    // A page that is served under the name of the server itself, such as by its proxy.
    expect((await ask(open, { headers: { origin: `http://127.0.0.1:${open.port}` } })).status).toBe(200);
  });
});

describe('without the token', () => {
  it('the challenge says what is needed, and no error, to who sent none (RFC 6750)', async () => {
    const answer = await ask(server);
    expectRefused(answer, 401);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="kami"');
  });

  it.each([
    ['another one', `Bearer ${randomBytes(32).toString('hex')}`],
    ['a part of it', `Bearer ${token.slice(0, -1)}`],
    ['more than it', `Bearer ${token}0`],
    ['other case', `Bearer ${token.toLowerCase()}`],
    ['a look-alike letter', `Bearer ${token.replace('o', '\u00f6')}`],
    ['quotes', `Bearer "${token}"`],
    ['padding', `Bearer ${token}==`],
    ['two tokens', `Bearer ${token} ${token}`],
    ['a comma', `Bearer ${token},${token}`],
    ['another scheme', `Basic ${Buffer.from(`kami:${token}`).toString('base64')}`],
    ['no scheme', token],
    ['nothing', 'Bearer '],
    ['very much', `Bearer ${'x'.repeat(12_000)}`],
  ])('%s is refused', async (_what, authorization) => {
    const answer = await ask(server, { headers: { authorization } });
    expectRefused(answer, 401);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
    expect(answer.text + JSON.stringify(answer.headers)).not.toContain(token);
  });

  it('one in the URL, a cookie, another header or twice is none', async () => {
    expectRefused(await ask(server, { path: `/mcp?access_token=${token}` }), 401);
    expectRefused(await ask(server, { headers: { cookie: `access_token=${token}` } }), 401);
    expectRefused(await ask(server, { headers: { 'proxy-authorization': `Bearer ${token}` } }), 401);
    const twice = await ask(server, { headers: { Authorization: ['Bearer wrong', `Bearer ${token}`] } });
    expectRefused(twice, 400);
  });

  it('no method and no body makes a difference', async () => {
    for (const method of ['GET', 'DELETE', 'PUT', 'PATCH']) {
      expectRefused(await ask(server, { method }), 401);
    }
    expectRefused(await ask(server, { body: 'x'.repeat(1_000_000) }), 401);
    await stillServes(server);
  });

  it('is the right one, whatever the case of the scheme', async () => {
    expect((await ask(server, { headers: { authorization: `bearer  ${token}` } })).status).toBe(200);
  });
});

describe('a token file', () => {
  it('is read, and refused when others may change it', async () => {
    const file = join(data.path, 'token');
    await writeFile(file, `${token}\n`, { mode: 0o600 });
    await using given = await startHttpServer({ dataDir: data.path }, ['--token-file', file]);
    await stillServes(given);
    expect(given.stderr()).toBe('');
    await chmod(file, 0o666);
    const refused = await runKami(['serve', '--transport', 'http', '--token-file', file], {
      dataDir: data.path,
    });
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('chmod 600');
    expect(refused.stderr).not.toContain(token);
  });
});

describe('paths and methods that there are not', () => {
  it.each([
    '/',
    '/mcp/',
    '//mcp',
    '/MCP',
    '/%6dcp',
    '/mcp/../mcp',
    '/mcp;x=1',
    '/mcp%00',
    '/.well-known/oauth-protected-resource',
    '/health/../mcp',
    '/favicon.ico',
  ])('%s is not found', async (path) => {
    expectRefused(await ask(open, { path }), 404);
    expectRefused(await ask(open, { path, method: 'GET' }), 404);
  });

  it.each(['GET', 'DELETE', 'PUT', 'PATCH', 'HEAD', 'TRACE', 'PROPFIND'])(
    '%s is not allowed',
    async (method) => {
      const answer = await ask(open, { method });
      expectRefused(answer, 405);
      expect(answer.headers.allow).toBe('POST');
    },
  );

  it('a target that is no path, and tunnels, are refused', async () => {
    for (const line of ['POST http://localhost/mcp HTTP/1.1', 'OPTIONS * HTTP/1.1']) {
      const raw = await connectRaw(open, `${line}\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      expect(await raw.closed()).toMatch(/^HTTP\/1\.1 400 /);
    }
    const tunnel = await connectRaw(open, 'CONNECT evil.example:80 HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(await tunnel.closed()).not.toContain(' 200 ');
    const upgrade = await ask(open, {
      method: 'GET',
      headers: { connection: 'Upgrade', upgrade: 'websocket' },
    });
    expectRefused(upgrade, 405);
  });
});

describe('a body', () => {
  const large = 17 * 1024 * 1024;

  it('that is too large is answered 413, with its length told or not', async () => {
    expectRefused(await ask(open, { body: Buffer.alloc(large, 0x20) }), 413);
    const chunked = await ask(open, {
      headers: { 'transfer-encoding': 'chunked' },
      body: Buffer.alloc(large, 0x20),
    });
    expectRefused(chunked, 413);
    const lie = await connectRaw(
      open,
      'POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n',
    );
    await until(() => lie.received().includes('HTTP/1.1 413 '));
    lie.socket.destroy();
    await stillServes(open);
  });

  it('as large as stdio takes is taken', async () => {
    const text = 'x'.repeat(7 * 1024 * 1024);
    const { status, text: said } = await ask(open, { body: callTool('test_wat_parrot', { text }) });
    expect(status).toBe(200);
    expect(said.length).toBeGreaterThan(text.length);
  });

  it('is not held without end: of many large ones some are sent away', async () => {
    const bytes = 16 * 1024 * 1024;
    const head = `POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n`;
    const all = await Promise.all(Array.from({ length: 10 }, () => connectRaw(open, head)));
    const most = Buffer.alloc(bytes - 1, 0x20);
    for (const { socket } of all) socket.write(most);
    await until(() => all.some(({ received }) => received().startsWith('HTTP/1.1 503 ')));
    // Meanwhile small ones are taken.
    await stillServes(open);
    for (const { socket } of all) socket.destroy();
    const text = 'x'.repeat(1024 * 1024);
    await until(
      async () => (await ask(open, { body: callTool('test_wat_parrot', { text }) })).status === 200,
    );
  });

  it.each([
    ['no JSON', 'this is not JSON'],
    ['half of it', '{"jsonrpc":"2.0","id":1,"meth'],
    ['nothing', ''],
    ['no UTF-8', Buffer.from([0x22, 0xc3, 0x28, 0x22])],
    ['UTF-16', Buffer.from(listTools, 'utf16le')],
  ])('that is %s is a parse error by the book', async (_what, body) => {
    const answer = await ask(open, { body });
    expectRefused(answer, 400);
    expect(JSON.parse(answer.text)).toMatchObject({ jsonrpc: '2.0', id: null, error: { code: -32_700 } });
  });

  it.each([
    ['no message', '42'],
    ['null', 'null'],
    ['an empty batch', '[]'],
    ['prototype members', '{"__proto__":{"jsonrpc":"2.0"},"constructor":1}'],
    ['nested 100 000 deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['another version', '{"jsonrpc":"1.0","id":1,"method":"tools/list"}'],
  ])('that is %s does no harm', async (_what, body) => {
    const { status, text } = await ask(open, { body });
    expect(status).toBeGreaterThanOrEqual(200);
    expect(status).toBeLessThan(500);
    expect(text).not.toContain('test_wat_parrot');
  });

  it('with arguments nested 100 000 deep does no harm', async () => {
    const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    await ask(open, { body: callTool('test_wat_parrot').replace('{}', nested) });
    await stillServes(open);
  });

  it('of another type, or compressed, is refused', async () => {
    for (const headers of [
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/x-www-form-urlencoded' },
      { 'content-type': 'application/json-evil' },
      { 'content-encoding': 'gzip' },
    ]) {
      expectRefused(await ask(open, { headers }), 415);
    }
  });
});

describe('a connection', () => {
  const head = 'POST /mcp HTTP/1.1\r\nHost: localhost\r\n';
  const json = 'Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n';

  it('with endless headers is ended', async () => {
    const raw = await connectRaw(open, head);
    const feed = setInterval(() => raw.socket.write(`X-${'a'.repeat(1_000)}: b\r\n`), 1);
    expect(await raw.closed()).toMatch(/^HTTP\/1\.1 431 /);
    clearInterval(feed);
  });

  it('that sends its headers or its body byte by byte is ended (slow loris)', async () => {
    const slowHead = await connectRaw(open, head);
    const slowBody = await connectRaw(open, `${head}${json}Content-Length: 100000\r\n\r\n{`);
    const silent = await connectRaw(open);
    // It was answered 413 at once, and goes on sending.
    const lie = await connectRaw(open, `${head}${json}Content-Length: 99999999999\r\n\r\n`);
    const feed = setInterval(() => {
      slowHead.socket.write('X');
      slowBody.socket.write(' ');
      lie.socket.write(' ');
    }, 500);
    const slow = [slowHead, slowBody, silent, lie];
    const ends = await Promise.all(slow.map(({ closed }) => closed()));
    clearInterval(feed);
    for (const text of ends) expect(text).not.toContain(' 200 ');
    await stillServes(open);
  });

  it('with garbage in it is ended, and what came before is answered', async () => {
    const good = `${head}${json}Content-Length: ${listTools.length}\r\n\r\n${listTools}`;
    const raw = await connectRaw(open, `${good}${randomBytes(4_096).toString('latin1')}\r\n\r\n`);
    expect(await raw.closed()).toContain('400 Bad Request');
    for (const garbage of [
      '\0\0\0\0\r\n\r\n',
      'GET\r\n\r\n',
      'POST /mcp HTTP/9.9\r\n\r\n',
      '\x16\x03\x01\x02',
    ]) {
      const other = await connectRaw(open, garbage);
      other.socket.end();
      expect(await other.closed()).not.toContain(' 200 ');
    }
    await stillServes(open);
  });

  it('with many requests at once has them answered in their order, and not without end', async () => {
    const one = (id: number) => {
      const body = callTool('test_wat_parrot', { text: `number ${id}` }, id);
      return `${head}${json}Content-Length: ${body.length}\r\n\r\n${body}`;
    };
    const raw = await connectRaw(open, [1, 2, 3, 4, 5].map(one).join(''));
    await until(() => raw.received().includes('number 5'));
    const order = [...raw.received().matchAll(/number (\d)/g)].map(([, id]) => Number(id));
    expect(order).toEqual([1, 2, 3, 4, 5]);
    raw.socket.destroy();
    const greedy = await connectRaw(open, Array.from({ length: 500 }, (_, id) => one(id)).join(''));
    await greedy.closed();
    await stillServes(open);
  });

  it.each([
    ['two lengths', 'Content-Length: 5\r\nContent-Length: 6\r\n\r\n123456'],
    ['a length and chunks', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['chunks that are not last', 'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n'],
    ['an unknown coding', 'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
    ['a folded header', 'X-A: b\r\n c\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n'],
    ['a space before the colon', 'Content-Length : 5\r\n\r\n12345'],
    ['a length that is no number', 'Content-Length: +5\r\n\r\n12345'],
    ['lines that end in LF alone', 'Content-Length: 5\nX: y\n\n12345'],
    ['a chunk size that overflows', 'Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n'],
    ['a second Host', 'Host: evil.example\r\nContent-Length: 0\r\n\r\n'],
  ])('that smuggles by %s gets no answer to what it hides', async (_what, rest) => {
    const hidden = `GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    const raw = await connectRaw(open, `${head}${json}Connection: close\r\n${rest}${hidden}`);
    const text = await raw.closed();
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).not.toContain('"ok"');
  });

  it('more than there may be is closed, and honest clients come through when the others go', async () => {
    const env = { KAMI_HTTP_MAX_CONNECTIONS: '50', KAMI_HTTP_TOKEN: token };
    await using small = await startHttpServer({ dataDir: data.path, env });
    const all = await Promise.all(Array.from({ length: 1_000 }, () => connectRaw(small, 'POST /mcp')));
    await until(() => all.filter(({ socket }) => socket.destroyed).length >= 950);
    for (const { socket } of all) socket.destroy();
    await until(async () => {
      const answer = await ask(small, { method: 'GET', path: '/health' }).catch(() => undefined);
      return answer?.status === 200;
    });
    await stillServes(small);
  });
});
