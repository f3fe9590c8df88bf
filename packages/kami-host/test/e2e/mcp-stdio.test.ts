import type { CallToolResult } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guestFolder, install } from '../fixtures/guests.ts';
import { runKami } from '../fixtures/kami-command.ts';
import { connect, costOf, eras, protocolError, reasonOf, textOf } from '../fixtures/mcp-client.ts';
import { type TempFolder, tempFolder } from '../fixtures/temp-folder.ts';
import { buildWatTool } from '../fixtures/wat-component.ts';
import { installWatTools, writePackage } from '../fixtures/wat-package.ts';
import { honestTools, hostileTools } from '../fixtures/wat-tools.ts';

let data: TempFolder;
let options: { readonly dataDir: string };

beforeAll(async () => {
  data = await tempFolder();
  options = { dataDir: data.path };
  await install(guestFolder('hostile'), options);
  await install(guestFolder('list'), options);
  const { shout, parrot } = honestTools;
  const { loop, 'grow-memory': growMemory } = hostileTools;
  await installWatTools({ shout, parrot }, options);
  await installWatTools({ loop, 'grow-memory': growMemory }, options, { timeoutMs: 1_000 });
});
afterAll(() => data[Symbol.asyncDispose]());

const hostile = 'test_kami_hostile';

describe.each(eras)('a client of the %s protocol generation', (era) => {
  it('gets the era it speaks, and the list of tools with their schemas', async () => {
    await using server = await connect(options, era);
    expect(server.client.getProtocolEra()).toBe(era);
    const { tools } = await server.client.listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual([
      'test_kami_hostile',
      'test_kami_list',
      'test_wat_grow-memory',
      'test_wat_loop',
      'test_wat_parrot',
      'test_wat_shout',
    ]);
    for (const { name } of tools) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect(tools.find(({ name }) => name === hostile)).toMatchObject({
      title: 'Hostile',
      description: 'Misbehaves in the way it is told to.',
      inputSchema: { type: 'object', required: ['mode'], additionalProperties: false },
    });
    expect(tools.find(({ name }) => name === 'test_wat_parrot')).toMatchObject({
      title: 'The parrot',
      inputSchema: { required: ['text'] },
      annotations: { readOnlyHint: true },
    });
  });

  it('calls a tool that no SDK of ours has seen', async () => {
    await using server = await connect(options, era);
    const result = await server.call('test_wat_shout', { say: 'hello' });
    expect(result.isError).toBeFalsy();
    expect(textOf(result)).toBe('{"SAY":"HELLO"}');
  });

  it('reaches a tool under its dotted id too', async () => {
    await using server = await connect(options, era);
    expect(textOf(await server.call('test.wat.parrot', { text: 'x' }))).toBe('{"text":"x","times":1}');
  });

  it('gets a structured answer that is no object in the form it knows', async () => {
    await using server = await connect(options, era);
    const { tools } = await server.client.listTools();
    const numbers = { type: 'array', items: { type: 'integer' } };
    const wrapped = { type: 'object', properties: { result: numbers } };
    expect(tools.find(({ name }) => name === 'test_kami_list')).toMatchObject({
      outputSchema: era === 'modern' ? numbers : wrapped,
    });
    const result = await server.call('test_kami_list', { to: 3 });
    expect(result.isError).toBeFalsy();
    expect(textOf(result)).toBe('[1,2,3]');
    expect(result.structuredContent).toEqual(era === 'modern' ? [1, 2, 3] : { result: [1, 2, 3] });
  });

  it('is told which argument is wrong, and the guest is not started', async () => {
    await using server = await connect(options, era);
    const missing = await server.call('test_wat_parrot', {});
    expect(missing.isError).toBe(true);
    expect(textOf(missing)).toContain("must have required property 'text'");
    const wrong = await server.call('test_wat_parrot', { text: 7 });
    expect(wrong.isError).toBe(true);
    expect(textOf(wrong)).toContain('text: must be string');
    const unknown = await server.call('test_wat_parrot', { text: 'x', extra: 1 });
    expect(textOf(unknown)).toContain('"extra"');
    for (const result of [missing, wrong, unknown]) {
      expect(reasonOf(result)).toBe('invalid-input');
      expect(costOf(result).memoryPeakBytes).toBe(0);
    }
  });

  it('is told that a tool is unknown by the code the protocol has for it', async () => {
    await using server = await connect(options, era);
    const error = await protocolError(server.call('no_such_tool'));
    expect(error.code).toBe(-32_602);
    expect(error.message).toContain('no_such_tool');
  });

  it('finds no prompts and no resources', async () => {
    await using server = await connect(options, era);
    expect((await server.client.listPrompts()).prompts).toEqual([]);
    expect((await server.client.listResources()).resources).toEqual([]);
    expect((await server.client.listResourceTemplates()).resourceTemplates).toEqual([]);
    const error = await protocolError(server.client.readResource({ uri: 'file:///etc/passwd' }));
    expect(error.code).toBe(-32_602);
  });

  it('reads why a tool failed in the result, never as a protocol error', async () => {
    await using server = await connect(options, era);
    const outcomes: [string, unknown, string][] = [];
    for (const mode of ['throw-error', 'throw-string', 'return-bigint', 'return-cycle']) {
      const result = await server.call(hostile, { mode });
      expect(result.isError, mode).toBe(true);
      outcomes.push([mode, reasonOf(result), textOf(result)]);
    }
    expect(outcomes).toEqual([
      ['throw-error', 'tool-error', 'thrown on purpose'],
      ['throw-string', 'tool-error', 'a thrown string'],
      ['return-bigint', 'invalid-output', expect.stringContaining('bigint')],
      ['return-cycle', 'invalid-output', expect.stringContaining('cycle')],
    ]);
  });
});

describe('a hundred calls at once over one connection', () => {
  it('all answer, each with its own result, while one loops for ever and one exhausts its memory', async () => {
    // Their time counts from here on, and the last of them waits for all others. The hostile guest's own limit is 2 s:
    // of it there are few.
    const env = { KAMI_RUNTIME_DEFAULT_TIMEOUT_SECS: '30' };
    const isGuests = (index: number) => index % 10 === 0;
    await using server = await connect({ ...options, env });
    const calls: Promise<CallToolResult>[] = [];
    for (let index = 0; index < 100; index++) {
      if (index === 10) calls.push(server.call('test_wat_loop'));
      else if (index === 20) calls.push(server.call(hostile, { mode: 'allocate-typed-arrays' }));
      else if (isGuests(index)) calls.push(server.call(hostile, { mode: 'echo', tag: index }));
      else calls.push(server.call('test_wat_parrot', { text: `call ${index}`, times: index }));
    }
    const results = await Promise.all(calls);
    for (const [index, result] of results.entries()) {
      if (index === 10) expect(reasonOf(result)).toBe('timeout');
      else if (index === 20) expect(reasonOf(result)).toBe('out-of-memory');
      else if (isGuests(index)) expect(JSON.parse(textOf(result))).toEqual({ tag: index, answer: 'echoed' });
      else expect(JSON.parse(textOf(result))).toEqual({ text: `call ${index}`, times: index });
    }
    expect(textOf(await server.call('test_wat_parrot', { text: 'still here' }))).toContain('still here');
    expect(server.protocolErrors).toEqual([]);
  });
});

describe('a call that the client cancels', () => {
  it('is stopped: its place is free for the next one at once', async () => {
    await install(
      await writePackage(data.path, 'patient-loop', await buildWatTool(hostileTools.loop), {
        timeoutMs: 600_000,
      }),
      options,
    );
    await using server = await connect(options, 'modern', ['--concurrency', '1']);
    const cancel = new AbortController();
    const looping = server.call('test_wat_patient-loop', {}, cancel.signal);
    const waiting = server.call('test_wat_parrot', { text: 'next' });
    setTimeout(() => cancel.abort(), 300);
    await expect(looping).rejects.toThrow();
    // With one place and ten minutes to loop, only the end of the loop can let this one in.
    expect(textOf(await waiting)).toContain('next');
    await runKami(['uninstall', 'test.wat.patient-loop'], options);
  });
});

describe('tools that another process installs and removes', () => {
  it('come and go without a restart', async () => {
    await using server = await connect(options);
    const names = async () => (await server.client.listTools()).tools.map(({ name }) => name);
    expect(await names()).not.toContain('test_wat_guest');
    expect((await protocolError(server.call('test_wat_guest'))).code).toBe(-32_602);

    await installWatTools({ guest: honestTools.shout }, options);
    expect(textOf(await server.call('test_wat_guest', { now: 'here' }))).toBe('{"NOW":"HERE"}');
    await server.client.close();

    await using second = await connect(options);
    expect((await second.client.listTools()).tools.map(({ name }) => name)).toContain('test_wat_guest');
    expect((await runKami(['uninstall', 'test.wat.guest'], options)).exitCode).toBe(0);
    expect((await protocolError(second.call('test_wat_guest'))).code).toBe(-32_602);
  });
});
