import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guestFolder, install } from '../fixtures/guests.ts';
import { type Message, startRawServer, waitGone } from '../fixtures/raw-server.ts';
import { type TempFolder, tempFolder } from '../fixtures/temp-folder.ts';
import { installWatTools } from '../fixtures/wat-package.ts';
import { honestTools, hostileTools } from '../fixtures/wat-tools.ts';

let data: TempFolder;
let options: { readonly dataDir: string };

beforeAll(async () => {
  data = await tempFolder();
  options = { dataDir: data.path };
  await install(guestFolder('hostile'), options);
  const { 'forge-protocol': forge, loop } = hostileTools;
  await installWatTools({ forge, parrot: honestTools.parrot }, options);
  await installWatTools({ loop }, options, { timeoutMs: 600_000 });
});
afterAll(() => data[Symbol.asyncDispose]());

describe('the stdout of kami serve', () => {
  it.each([[[]], [['-vvv']], [['-vvv', '--log-format', 'json']]])(
    'carries nothing but protocol, whatever guests print and with the flags %j',
    async (flags) => {
      await using server = await startRawServer(options, flags);
      const call = (name: string, args: object) => server.request('tools/call', { name, arguments: args });
      await call('test_wat_forge', { text: 'x' });
      await call('test_kami_hostile', { mode: 'console' });
      await call('test_kami_hostile', { mode: 'log-ansi' });
      await call('test_kami_hostile', { mode: 'throw-error' });
      await call('test_kami_hostile', { mode: 'throw-in-timer' });
      const messages = server.lines().map((line) => JSON.parse(line) as Message);
      const answers = messages.filter(({ id }) => id !== undefined);
      expect(answers).toHaveLength(6);
      for (const { jsonrpc, id } of answers) {
        expect(jsonrpc).toBe('2.0');
        expect(id).toBeGreaterThanOrEqual(1_000);
      }
      expect(JSON.stringify(answers)).not.toContain('forged');
      // What guests print is told as text of a log, which can't be taken for anything else.
      for (const { method, params, ...rest } of messages.filter(({ id }) => id === undefined)) {
        expect({ method, rest }).toEqual({ method: 'notifications/message', rest: { jsonrpc: '2.0' } });
        expect(Object.keys(params ?? {}).toSorted()).toEqual(['data', 'level', 'logger']);
        expect(typeof params?.data).toBe('string');
      }
    },
  );

  it('has what guests printed on stderr instead, as text that can not steer a terminal', async () => {
    await using server = await startRawServer(options, ['-vvv']);
    const call = (name: string, args: object) => server.request('tools/call', { name, arguments: args });
    await call('test_wat_forge', { text: 'x' });
    await call('test_kami_hostile', { mode: 'log-ansi' });
    const stderr = server.stderr();
    expect(stderr).toContain('forged');
    expect(stderr).toContain('<U+202E>reversed<U+000D>over<U+0000>');
    expect(stderr).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
  });
});

describe('the end of kami serve', () => {
  it('comes when stdin ends', async () => {
    await using server = await startRawServer(options);
    server.child.stdin?.end();
    expect(await server.exit()).toEqual({ code: 0, signal: null });
  });

  it('comes at once in the middle of a call that would run for minutes, and leaves no process', async () => {
    await using server = await startRawServer(options);
    await server.write(
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"test_wat_loop","arguments":{}}}\n',
    );
    await server.request('tools/call', { name: 'test_wat_parrot', arguments: { text: 'x' } });
    server.child.stdin?.end();
    expect(await server.exit()).toEqual({ code: 0, signal: null });
    await waitGone(server.child.pid ?? 0);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('comes by %s too, calls or not', async (signal) => {
    await using server = await startRawServer(options);
    await server.write(
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"test_wat_loop","arguments":{}}}\n',
    );
    await server.request('ping');
    server.child.kill(signal);
    expect((await server.exit()).signal).toBeNull();
  });

  it('comes when the client no longer reads', async () => {
    await using server = await startRawServer(options);
    server.child.stdout?.destroy();
    server.child.stdin?.write('{"jsonrpc":"2.0","id":2,"method":"tools/list"}\n');
    server.child.stdin?.write('{"jsonrpc":"2.0","id":3,"method":"tools/list"}\n');
    expect((await server.exit()).signal).toBeNull();
  });
});
