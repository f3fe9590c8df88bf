import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ask,
  callTool,
  connectHttp,
  connectRaw,
  type HttpServer,
  startHttpServer,
  until,
} from '../fixtures/http-server.ts';
import { runKami } from '../fixtures/kami-command.ts';
import { eras, reasonOf, textOf } from '../fixtures/mcp-client.ts';
import { type TempFolder, tempFolder } from '../fixtures/temp-folder.ts';
import { installWatTools } from '../fixtures/wat-package.ts';
import { honestTools, hostileTools } from '../fixtures/wat-tools.ts';

let data: TempFolder;
let options: { readonly dataDir: string };
let server: HttpServer;

beforeAll(async () => {
  data = await tempFolder();
  options = { dataDir: data.path };
  const { shout, parrot } = honestTools;
  await installWatTools({ shout, parrot }, options);
  await installWatTools({ 'short-loop': hostileTools.loop }, options, { timeoutMs: 3_000 });
  await installWatTools({ 'long-loop': hostileTools.loop }, options, { timeoutMs: 600_000 });
  server = await startHttpServer(options);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await data[Symbol.asyncDispose]();
});

const bearer = (token = '') => ({ authorization: `Bearer ${token}` });

describe.each(eras)('a client of the %s protocol generation, over HTTP', (era) => {
  it('gets the era it speaks, lists tools and calls them', async () => {
    await using connection = await connectHttp(server, era);
    expect(connection.client.getProtocolEra()).toBe(era);
    const { tools } = await connection.client.listTools();
    expect(tools.map(({ name }) => name)).toContain('test_wat_parrot');
    const result = await connection.call('test_wat_shout', { say: 'hello' });
    expect(textOf(result)).toBe('{"SAY":"HELLO"}');
    expect(reasonOf(await connection.call('test_wat_parrot', { text: 7 }))).toBe('invalid-input');
    await expect(connection.call('no_such_tool')).rejects.toMatchObject({ code: -32_602 });
  });

  it('has fifty calls at once, each with its own answer', async () => {
    await using connection = await connectHttp(server, era);
    const calls = Array.from({ length: 50 }, (_, index) =>
      connection.call('test_wat_parrot', { text: `call ${index}`, times: index }),
    );
    for (const [index, result] of (await Promise.all(calls)).entries()) {
      expect(JSON.parse(textOf(result))).toEqual({ text: `call ${index}`, times: index });
    }
  });

  it('cancels a call: the guest is stopped, and its place is free', async () => {
    await using alone = await startHttpServer(options, ['--concurrency', '1']);
    await using connection = await connectHttp(alone, era);
    const cancel = new AbortController();
    const looping = connection.call('test_wat_long-loop', {}, cancel.signal);
    const waiting = connection.call('test_wat_parrot', { text: 'next' });
    setTimeout(() => cancel.abort(), 500);
    await expect(looping).rejects.toThrow();
    // With one place and ten minutes to loop, only the end of the loop can let this one in.
    expect(textOf(await waiting)).toContain('next');
  });
});

describe('a client that goes away in the middle of a call', () => {
  it.each(eras)('stops the guest (%s)', async (era) => {
    await using alone = await startHttpServer(options, ['--concurrency', '1']);
    const leaving = await connectHttp(alone, era);
    const looping = leaving.call('test_wat_long-loop').catch(() => 'gone');
    await using staying = await connectHttp(alone, era);
    const waiting = staying.call('test_wat_parrot', { text: 'next' });
    setTimeout(() => void leaving.client.close(), 500);
    expect(textOf(await waiting)).toContain('next');
    expect(await looping).toBe('gone');
  });

  it('stops the guest when only the connection breaks', async () => {
    await using alone = await startHttpServer(options, ['--concurrency', '1', '--no-auth']);
    const body = callTool('test_wat_long-loop');
    const raw = await connectRaw(
      alone,
      `POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
        `Accept: application/json, text/event-stream\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await until(() => raw.received().includes('200 OK'));
    await using connection = await connectHttp(alone);
    const waiting = connection.call('test_wat_parrot', { text: 'next' });
    raw.socket.destroy();
    expect(textOf(await waiting)).toContain('next');
  });

  it('does not cancel the call of another client that has the same id', async () => {
    const initialize = JSON.stringify({
      jsonrpc: '2.0',
      id: 0,
      method: 'initialize',
      params: {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'x', version: '1' },
      },
    });
    const headers = bearer(server.token);
    const sessions = [];
    for (let count = 0; count < 2; count++) {
      const { status, headers: said } = await ask(server, { headers, body: initialize });
      expect(status).toBe(200);
      sessions.push(String(said['mcp-session-id']));
    }
    expect(new Set(sessions).size).toBe(2);
    const [mine = '', other = ''] = sessions;
    const call = ask(server, {
      headers: { ...headers, 'mcp-session-id': mine },
      body: callTool('test_wat_short-loop', {}, 7),
    });
    const cancelled = '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}';
    for (const session of [{ 'mcp-session-id': other }, {}]) {
      const { status } = await ask(server, { headers: { ...headers, ...session }, body: cancelled });
      expect(status).toBe(202);
    }
    expect((await call).text).toContain('"reason":"timeout"');
  });
});

describe('what a script and a person are told at the start', () => {
  it('one line of JSON with address and token', async () => {
    expect(server.stdout().split('\n')).toHaveLength(2);
    expect(server).toMatchObject({ url: `http://127.0.0.1:${server.port}/mcp`, auth: ['token'] });
    expect(server.token).toMatch(/^[\w-]{43}$/);
    expect(server.pid).toBe(server.child.pid);
  });

  it('a token that was given is not shown, nor is any in the log', async () => {
    const token = 'a-token-of-the-operator-0123456789';
    await using given = await startHttpServer({ ...options, env: { KAMI_HTTP_TOKEN: token } }, ['-vvv']);
    await using connection = await connectHttp({ url: given.url, token });
    await connection.call('test_wat_parrot', { text: 'an argument that nobody logs' });
    await ask(given, { headers: bearer('wrong-token-0123456789'), path: '/mcp?access_token=in-the-url' });
    await until(() => given.stderr().includes('status=401'));
    expect(given.stdout()).not.toContain(token);
    for (const hidden of [token, 'wrong-token', 'in-the-url', 'an argument']) {
      expect(given.stderr()).not.toContain(hidden);
    }
    expect(given.stderr()).toContain('path=/mcp');
  });
});

describe('health', () => {
  it('needs no token and tells nothing else', async () => {
    const alive = await ask(server, { method: 'GET', path: '/health' });
    expect([alive.status, alive.text]).toEqual([200, '{"status":"ok"}']);
    const ready = await ask(server, { method: 'GET', path: '/health/ready' });
    expect([ready.status, ready.text]).toEqual([200, '{"status":"ready"}']);
    expect((await ask(server, { method: 'HEAD', path: '/health' })).status).toBe(200);
    expect((await ask(server, { path: '/health' })).status).toBe(405);
  });
});

describe('a server that is asked to stop', () => {
  it('lets the calls that run end, takes no new connection, is not ready, and exits 0', async () => {
    await using stopping = await startHttpServer(options, ['--no-auth']);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const isReady = async () => {
      const request = httpRequest({
        ...{ host: '127.0.0.1', port: stopping.port, path: '/health/ready', agent },
      }).end();
      const [response] = await once(request, 'response');
      response.resume();
      await once(response, 'end');
      return response.statusCode === 200;
    };
    expect(await isReady()).toBe(true);
    await using connection = await connectHttp(stopping);
    const running = connection.call('test_wat_short-loop');
    const answered = ask(stopping, { body: callTool('test_wat_short-loop') });
    await new Promise((resolve) => setTimeout(resolve, 500));
    stopping.child.kill('SIGTERM');
    await until(async () => {
      const raw = await connectRaw(stopping);
      const isOpen = raw.socket.readyState === 'open';
      raw.socket.destroy();
      return !isOpen;
    });
    // This connection was open before.
    expect(await isReady()).toBe(false);
    expect(reasonOf(await running)).toBe('timeout');
    expect((await answered).text).toContain('"reason":"timeout"');
    expect(await stopping.exit()).toEqual({ code: 0, signal: null });
    agent.destroy();
  });

  it('ends what does not end in time, with an answer that says so', async () => {
    const env = { KAMI_HTTP_DRAIN_SECS: '0.2' };
    await using stopping = await startHttpServer({ ...options, env }, ['--no-auth']);
    const answered = ask(stopping, { body: callTool('test_wat_long-loop') });
    await new Promise((resolve) => setTimeout(resolve, 500));
    stopping.child.kill('SIGTERM');
    expect(await stopping.exit()).toEqual({ code: 0, signal: null });
    expect((await answered).text).toContain('KAMI_SHUTTING_DOWN');
    expect(stopping.stderr()).toContain('did not end in time');
  });

  it('does not wait for streams that never end', async () => {
    const env = { KAMI_HTTP_DRAIN_SECS: '600' };
    await using stopping = await startHttpServer({ ...options, env });
    await using connection = await connectHttp(stopping);
    await connection.client.listen({ toolsListChanged: true });
    stopping.child.kill('SIGTERM');
    expect(await stopping.exit()).toEqual({ code: 0, signal: null });
  });
});

describe('a server that can not start', () => {
  const serve = (...flags: string[]) => runKami(['serve', '--transport', 'http', ...flags], options);

  it('says that a port is taken', async () => {
    const { exitCode, stderr } = await serve('--port', String(server.port));
    expect(exitCode).toBe(1);
    expect(stderr).toContain('KAMI_HTTP_ADDRESS_UNUSABLE');
    expect(stderr).toContain('another program listens there');
  });

  it('refuses to serve others without a token, and says how to go on', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.com', '2130706433', '0']) {
      const { exitCode, stderr } = await serve('--no-auth', '--host', host, '--port', '0');
      expect([host, exitCode]).toEqual([host, 1]);
      expect(stderr).toContain('KAMI_HTTP_AUTH_REQUIRED');
      expect(stderr).toContain('--host 127.0.0.1');
    }
  });

  it('refuses settings that contradict each other or make no sense', async () => {
    const refusals: readonly (readonly [string[], string])[] = [
      [['--no-auth', '--issuer', 'https://login.example.com'], 'KAMI_USAGE'],
      [['--issuer', 'http://login.example.com'], 'KAMI_CONFIG_INVALID'],
      [['--issuer', 'https://login.example.com', '--host', '0.0.0.0'], '--public-url'],
      [['--public-url', 'mcp.example.com'], 'KAMI_CONFIG_INVALID'],
      [['--allowed-hosts', 'https://mcp.example.com'], 'KAMI_CONFIG_INVALID'],
      [['--allowed-origins', 'app.example.com'], 'KAMI_CONFIG_INVALID'],
      [['--port', '70000'], 'KAMI_CONFIG_INVALID'],
      [['--token-file', 'nowhere'], 'KAMI_FILE_UNREADABLE'],
    ];
    for (const [flags, said] of refusals) {
      const { exitCode, stderr } = await serve(...flags);
      expect([flags, exitCode === 0]).toEqual([flags, false]);
      expect(stderr).toContain(said);
      expect(stderr).not.toMatch(/^\s+at /m);
    }
  });

  it('is told when flags are for the other transport', async () => {
    for (const flags of [['--port', '0'], ['--no-auth'], ['--issuer', 'https://login.example.com']]) {
      const { exitCode, stderr } = await runKami(['serve', ...flags], options);
      expect([flags, exitCode]).toEqual([flags, 2]);
      expect(stderr).toContain('--transport http');
    }
  });

  it('refuses a token that is too short, without showing it', async () => {
    const short = await runKami(['serve', '--transport', 'http'], {
      ...options,
      env: { KAMI_HTTP_TOKEN: 'short-one' },
    });
    expect(short.stderr).toContain('KAMI_HTTP_TOKEN_INVALID');
    expect(short.stderr).not.toContain('short-one');
  });
});
