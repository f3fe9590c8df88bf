import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRawServer } from '../fixtures/raw-server.ts';
import { type TempFolder, tempFolder } from '../fixtures/temp-folder.ts';
import { installWatTools } from '../fixtures/wat-package.ts';
import { honestTools } from '../fixtures/wat-tools.ts';

let data: TempFolder;

beforeAll(async () => {
  data = await tempFolder();
  await installWatTools({ parrot: honestTools.parrot }, { dataDir: data.path });
});
afterAll(() => data[Symbol.asyncDispose]());

const call = (id: unknown, text: string) =>
  JSON.stringify({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name: 'test_wat_parrot', arguments: { text } },
  });
const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

/** What a client may send; the server must be serving after each. */
const abuse: readonly (readonly [string, string | Uint8Array])[] = [
  ['text that is no JSON', 'this is not JSON\n'],
  ['an empty line', '\n\n\n'],
  ['half a message', '{"jsonrpc":"2.0","id":1,"meth\n'],
  ['binary', Buffer.from([0, 1, 2, 0xff, 0xfe, 0x80, 0x0d, 0x0a])],
  [
    'bytes that are no UTF-8',
    Buffer.concat([
      Buffer.from('{"jsonrpc":"2.0","id":"'),
      Buffer.from([0xc3, 0x28]),
      Buffer.from('","method":"ping"}\n'),
    ]),
  ],
  ['JSON that is no message', 'null\n42\n"text"\ntrue\n{}\n'],
  ['arrays nested 100 000 deep', `${nested}\n`],
  [
    'arguments nested 100 000 deep',
    `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"test_wat_parrot","arguments":{"text":${nested}}}}\n`,
  ],
  ['a batch', `[${call(21, 'a')},${call(22, 'b')}]\n`],
  ['a missing id', '{"jsonrpc":"2.0","method":"tools/list","params":{}}\n'],
  ['an id that is null, an object, a fraction', `${call(null, 'a')}\n${call({}, 'a')}\n${call(1.5, 'a')}\n`],
  ['two requests of one id', `${call(31, 'first')}\n${call(31, 'second')}\n`],
  ['an unknown method', '{"jsonrpc":"2.0","id":41,"method":"no/such/method"}\n'],
  [
    'a method that is a prototype member',
    '{"jsonrpc":"2.0","id":42,"method":"constructor"}\n{"jsonrpc":"2.0","id":43,"method":"__proto__"}\n',
  ],
  [
    'a call of prototype members',
    '{"jsonrpc":"2.0","id":44,"method":"tools/call","params":{"name":"constructor","arguments":{"__proto__":{"x":1}}}}\n',
  ],
  [
    'params of another kind',
    '{"jsonrpc":"2.0","id":45,"method":"tools/call","params":[1]}\n{"jsonrpc":"2.0","id":46,"method":"tools/call","params":{"name":7,"arguments":[]}}\n',
  ],
  [
    'a cancellation of nothing',
    '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":999999}}\n',
  ],
  [
    'answers to questions that nobody asked',
    '{"jsonrpc":"2.0","id":51,"result":{}}\n{"jsonrpc":"2.0","id":52,"error":{"code":1,"message":"x"}}\n',
  ],
  ['another version of JSON-RPC', '{"jsonrpc":"1.0","id":61,"method":"tools/list"}\n'],
  ['a line of 20 MB that is no JSON', `${'x'.repeat(20 * 1024 * 1024)}\n`],
  [
    'a second initialize',
    '{"jsonrpc":"2.0","id":62,"method":"initialize","params":{"protocolVersion":"1999-01-01","capabilities":{},"clientInfo":{"name":"x","version":"0"}}}\n',
  ],
];

describe('a server that is sent', () => {
  it.each(abuse)('%s goes on serving', async (_what, bytes) => {
    await using server = await startRawServer({ dataDir: data.path });
    await server.write(bytes);
    // A line that was left open ends here.
    await server.write('\n');
    const answer = await server.request('tools/call', {
      name: 'test_wat_parrot',
      arguments: { text: 'still serving' },
    });
    expect(JSON.stringify(answer.result)).toContain('still serving');
    expect(server.stderr()).not.toMatch(/^\s+at /m);
  });

  it('an unknown method and an unknown tool answers by the book', async () => {
    await using server = await startRawServer({ dataDir: data.path });
    expect((await server.request('no/such/method')).error?.code).toBe(-32_601);
    expect((await server.request('tools/call', { name: 'constructor' })).error?.code).toBe(-32_602);
    expect((await server.request('tools/call', {})).error?.code).toBe(-32_602);
    expect((await server.request('resources/read', { uri: 'file:///etc/passwd' })).error?.code).toBe(-32_602);
  });

  it('arguments of 9 MB refuses them and serves on', async () => {
    await using server = await startRawServer({ dataDir: data.path });
    const answer = await server.request('tools/call', {
      name: 'test_wat_parrot',
      arguments: { text: 'x'.repeat(9 * 1024 * 1024) },
    });
    expect(answer.result).toMatchObject({ isError: true });
    expect((await server.request('ping')).result).toBeDefined();
  });

  it('a line of 20 MB leaves it out, says so in the log, and serves on', async () => {
    await using server = await startRawServer({ dataDir: data.path });
    await server.write(
      `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"${'x'.repeat(20 * 1024 * 1024)}"}}\n`,
    );
    expect((await server.request('ping')).result).toBeDefined();
    expect(server.stderr()).toContain('was ignored');
  });
});
