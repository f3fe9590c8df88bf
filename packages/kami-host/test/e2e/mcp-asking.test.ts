import type { Client, ProtocolError } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { guestFolder, install } from '../fixtures/guests.ts';
import { connectHttp, type HttpServer, startHttpServer } from '../fixtures/http-server.ts';
import { runKami } from '../fixtures/kami-command.ts';
import { type Connection, connect, type Era, eras, textOf } from '../fixtures/mcp-client.ts';
import { type TempFolder, tempFolder } from '../fixtures/temp-folder.ts';

const tool = 'test_kami_asking';
const transports = ['stdio', 'http'] as const;
const ways = eras.flatMap((era) => transports.map((transport) => [transport, era] as const));

let data: TempFolder;
let options: { readonly dataDir: string };
let http: HttpServer;

beforeAll(async () => {
  data = await tempFolder();
  options = { dataDir: data.path };
  await install(guestFolder('asking'), options);
  http = await startHttpServer(options);
});
afterAll(async () => {
  await http[Symbol.asyncDispose]();
  await data[Symbol.asyncDispose]();
});

/** What the client can do, and what it answers. */
interface Answers {
  readonly elicit?: (message: string) => object;
  readonly sample?: () => object;
  readonly roots?: () => object;
}

type Reached = Pick<Connection, 'client' | 'call'> & AsyncDisposable;

/** Connects a client that can answer what it is given answers for. */
function reach(transport: (typeof transports)[number], era: Era, answers: Answers = {}): Promise<Reached> {
  const prepare = (client: Client): void => {
    const { elicit, sample, roots } = answers;
    client.registerCapabilities({
      ...(elicit === undefined ? {} : { elicitation: { form: {} } }),
      ...(sample === undefined ? {} : { sampling: {} }),
      ...(roots === undefined ? {} : { roots: {} }),
    });
    if (elicit !== undefined) {
      client.setRequestHandler('elicitation/create', ({ params }) => elicit(params.message) as never);
    }
    if (sample !== undefined) client.setRequestHandler('sampling/createMessage', () => sample() as never);
    if (roots !== undefined) client.setRequestHandler('roots/list', () => roots() as never);
  };
  return transport === 'stdio' ? connect(options, era, [], prepare) : connectHttp(http, era, prepare);
}

const accept = (content: object) => ({ action: 'accept', content });

describe.each(ways)('over %s, for a client of the %s generation', (transport, era) => {
  it('a tool asks the person, and gets what was filled in, declined or cancelled', async () => {
    const answers = [accept({ name: 'Ada', age: 36 }), { action: 'decline' }, { action: 'cancel' }];
    const asked: string[] = [];
    const elicit = (message: string) => {
      asked.push(message);
      return answers[asked.length - 1] ?? expect.unreachable('it asked too often');
    };
    await using server = await reach(transport, era, { elicit });
    for (const answer of answers) {
      expect(JSON.parse(textOf(await server.call(tool, { what: 'user' })))).toEqual(answer);
    }
    expect(asked).toEqual(Array.from(answers, () => 'test.kami.asking asks: Who are you?'));
  });

  it('asks once more after it was answered, and sees both answers', async () => {
    const elicit = (message: string) => accept(message.includes('Ada?') ? { sure: true } : { name: 'Ada' });
    await using server = await reach(transport, era, { elicit });
    expect(JSON.parse(textOf(await server.call(tool, { what: 'twice' })))).toEqual({
      first: accept({ name: 'Ada' }),
      second: accept({ sure: true }),
    });
  });

  it('finds the answer to a question that has a name, whatever its words', async () => {
    await using server = await reach(transport, era, { elicit: () => accept({ name: 'Ada' }) });
    expect(JSON.parse(textOf(await server.call(tool, { what: 'named' })))).toEqual(accept({ name: 'Ada' }));
    expect(textOf(await server.call(tool, { what: 'named-twice' }))).toContain('twice under the key "who"');
    for (const key of ['', '1-who', 'w ho', '__proto__', 'permit net=example.com', 'w'.repeat(65)]) {
      expect(textOf(await server.call(tool, { what: 'named', key }))).toContain('a key is a letter');
    }
  });

  it('asks person, model and client together', async () => {
    await using server = await reach(transport, era, {
      elicit: () => accept({ name: 'Ada' }),
      sample: () => ({ role: 'assistant', content: { type: 'text', text: 'Paris' }, model: 'test' }),
      roots: () => ({ roots: [{ uri: 'file:///project', name: 'project' }] }),
    });
    expect(JSON.parse(textOf(await server.call(tool, { what: 'together' })))).toEqual({
      user: accept({ name: 'Ada' }),
      model: 'Paris',
      roots: [{ uri: 'file:///project', name: 'project' }],
    });
  });

  it('is told clearly when the client can not be asked', async () => {
    await using server = await reach(transport, era);
    const call = server.call(tool, { what: 'user' });
    const why = 'This client can not ask its user for input';
    if (era === 'modern') {
      await expect(call).rejects.toMatchObject({
        code: -32_021,
        message: expect.stringContaining(why),
        data: { requiredCapabilities: { elicitation: {} } },
      });
    } else {
      const result = await call;
      expect(result.isError).toBe(true);
      expect(textOf(result)).toContain(why);
    }
    expect(JSON.parse(textOf(await server.call(tool, { what: 'catch' })))).toMatchObject({
      code: 'CLIENT_CANNOT',
    });
  });

  it('shows the icons of the tool, which need nothing fetched', async () => {
    await using server = await reach(transport, era);
    const { tools } = await server.client.listTools();
    expect(tools[0]?.icons).toEqual([
      { src: 'data:image/png;base64,iVBORw0KGgo=', mimeType: 'image/png', sizes: ['16x16'], theme: 'dark' },
    ]);
  });

  it('tells how far it is while it runs', async () => {
    await using server = await reach(transport, era);
    const told: unknown[] = [];
    const result = await server.client.callTool(
      { name: tool, arguments: { what: 'progress' } },
      { onprogress: (progress) => told.push(progress) },
    );
    expect(textOf(result)).toBe('{"done":3}');
    expect(told).toEqual([1, 2, 3].map((progress) => ({ progress, total: 3, message: `step ${progress}` })));
  });

  it('lists, gets and completes prompts', async () => {
    await using server = await reach(transport, era, { elicit: () => accept({ name: 'bees' }) });
    const { prompts } = await server.client.listPrompts();
    expect(prompts.find(({ name }) => name === `${tool}_greeting`)).toEqual({
      name: `${tool}_greeting`,
      title: 'A greeting',
      description: 'Greets somebody.',
      arguments: [
        { name: 'name', description: 'Who', required: true },
        { name: 'language', required: false },
      ],
    });
    const get = (name: string, args?: Record<string, string>) =>
      server.client.getPrompt({
        name: `${tool}_${name}`,
        ...(args === undefined ? {} : { arguments: args }),
      });
    expect((await get('greeting', { name: 'Ada' })).messages).toEqual([
      { role: 'user', content: { type: 'text', text: 'Greet Ada in English.' } },
    ]);
    expect((await get('picture')).messages.map(({ content }) => content.type)).toEqual(['image', 'text']);
    expect((await get('asking')).messages[0]?.content).toMatchObject({ text: 'About bees.' });
    const complete = (name: string, value: string) =>
      server.client.complete({
        ref: { type: 'ref/prompt', name: `${tool}_greeting` },
        argument: { name, value },
      });
    expect((await complete('name', 'A')).completion).toMatchObject({
      values: ['Ada', 'Alan'],
      hasMore: false,
    });
    expect((await complete('language', 'E')).completion.values).toEqual([]);
  });

  it('lists, reads and completes resources', async () => {
    await using server = await reach(transport, era);
    const { client } = server;
    expect((await client.listResources()).resources.map(({ uri }) => uri)).toEqual([
      'asking://bytes',
      'asking://text',
    ]);
    expect((await client.listResourceTemplates()).resourceTemplates).toEqual([
      { uriTemplate: 'asking://of/{id}/data', name: 'data' },
    ]);
    const read = async (uri: string) => (await client.readResource({ uri })).contents;
    expect(await read('asking://text')).toEqual([
      { uri: 'asking://text', mimeType: 'text/markdown', text: '# Text' },
    ]);
    expect(await read('asking://bytes')).toEqual([
      { uri: 'asking://bytes', mimeType: 'application/octet-stream', blob: 'AQL/' },
    ]);
    expect(await read('asking://of/a%20b/data')).toEqual([
      { uri: 'asking://of/a%20b/data', mimeType: 'application/json', text: '{"id":"a b"}' },
    ]);
    if (era === 'legacy') {
      expect(client.getServerCapabilities()?.resources).toHaveProperty('subscribe', true);
      expect(await client.subscribeResource({ uri: 'asking://text' })).toEqual({});
      expect(await client.unsubscribeResource({ uri: 'asking://text' })).toEqual({});
      await expect(client.subscribeResource({ uri: 'asking://none' })).rejects.toMatchObject({
        message: expect.stringContaining('asking://none'),
      });
    } else expect(client.getServerCapabilities()?.resources).not.toHaveProperty('subscribe');
    const { completion } = await client.complete({
      ref: { type: 'ref/resource', uri: 'asking://of/{id}/data' },
      argument: { name: 'id', value: 't' },
    });
    expect(completion.values).toEqual(['two']);
  });

  it('answers with the errors of the protocol', async () => {
    await using server = await reach(transport, era);
    const { client } = server;
    const codeOf = (work: Promise<unknown>) =>
      work.then(
        () => expect.unreachable('it should have failed'),
        (error: unknown) => (error as ProtocolError).code,
      );
    expect(await codeOf(client.getPrompt({ name: 'nothing' }))).toBe(-32_602);
    expect(await codeOf(client.getPrompt({ name: `${tool}_greeting` }))).toBe(-32_602);
    expect(await codeOf(client.getPrompt({ name: `${tool}_failing` }))).toBe(-32_603);
    expect(await codeOf(client.readResource({ uri: 'asking://of/a/b/data' }))).toBe(-32_602);
  });
});

it('asks nobody for what it was not granted, whatever the client can', async () => {
  await using own = await tempFolder();
  const narrow = { dataDir: own.path };
  await install(guestFolder('asking'), narrow);
  await runKami(['revoke', 'test.kami.asking', 'ask=user'], narrow);
  let asked = 0;
  await using server = await connect(narrow, 'modern', [], (client) => {
    client.registerCapabilities({ elicitation: { form: {} } });
    client.setRequestHandler('elicitation/create', () => {
      asked += 1;
      return { action: 'accept', content: { name: 'Eve' } } as never;
    });
  });
  const result = await server.call(tool, { what: 'user' });
  expect(textOf(result)).toContain('not permitted to ask');
  expect(JSON.stringify(result.content)).toContain('ask=user');
  expect(asked).toBe(0);
});

it('ends when it asks something else each time it is run', async () => {
  await using server = await reach('stdio', 'legacy', { elicit: () => accept({ name: 'Ada' }) });
  const result = await server.call(tool, { what: 'drifting' });
  expect(result.isError).toBe(true);
});

describe('a requestState', () => {
  const body = (params: object) => ({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: {
      name: tool,
      arguments: { what: 'user' },
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
        'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
      },
      ...params,
    },
  });
  const post = async (params: object) => {
    const response = await fetch(http.url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${http.token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': tool,
      },
      body: JSON.stringify(body(params)),
    });
    return (await response.json()) as {
      readonly result?: {
        readonly requestState?: string;
        readonly inputRequests?: Record<string, unknown>;
      } & object;
      readonly error?: { readonly code: number };
    };
  };

  it('that was changed, or is of another call, is refused; answers that do not fit are asked for again', async () => {
    const { result } = await post({});
    const [key = ''] = Object.keys(result?.inputRequests ?? {});
    const { requestState = '' } = result ?? {};
    const inputResponses = { [key]: accept({ name: 'Ada' }) };
    expect((await post({ requestState, inputResponses })).result).toMatchObject({
      structuredContent: accept({ name: 'Ada' }),
    });
    const named = { arguments: { what: 'named' } };
    const first = (await post(named)).result;
    expect(Object.keys(first?.inputRequests ?? {})).toEqual(['who']);
    const answered = { ...named, inputResponses: { who: accept({ name: 'Ada' }), more: accept({}) } };
    expect((await post({ ...answered, requestState: first?.requestState })).result).toMatchObject({
      structuredContent: accept({ name: 'Ada' }),
    });
    // What nobody asked for is no answer, however well its name is guessed.
    expect(Object.keys((await post(answered)).result?.inputRequests ?? {})).toEqual(['who']);
    const middle = Math.floor(requestState.length / 2);
    const changed =
      requestState.slice(0, middle) +
      (requestState[middle] === 'A' ? 'B' : 'A') +
      requestState.slice(middle + 1);
    expect((await post({ requestState: changed, inputResponses })).error?.code).toBe(-32_602);
    expect((await post({ requestState, inputResponses, arguments: { what: 'twice' } })).error?.code).toBe(
      -32_602,
    );
    for (const wrong of [
      { [key]: accept({ name: 7 }) },
      { [key]: accept({ age: 3 }) },
      { [key]: accept({ name: 'A' }) },
      { [key]: accept({ name: 'Ada', more: 1 }) },
      { other: accept({ name: 'Ada' }) },
      {},
    ]) {
      const again = await post({ requestState, inputResponses: wrong });
      expect(Object.keys(again.result?.inputRequests ?? {})).toEqual([key]);
    }
  });
});

it('tells a client of 2025 that a resource which it follows changed when its tool did', async () => {
  await using own = await tempFolder();
  const place = { dataDir: own.path };
  await install(guestFolder('asking'), place);
  const updated: string[] = [];
  await using server = await connect(place, 'legacy', [], (client) => {
    client.setNotificationHandler(
      'notifications/resources/updated',
      ({ params }) => void updated.push(params.uri),
    );
  });
  await expect(server.client.subscribeResource({ uri: 'asking://nothing' })).rejects.toThrow();
  for (const uri of ['asking://text', 'asking://bytes']) await server.client.subscribeResource({ uri });
  await server.client.unsubscribeResource({ uri: 'asking://bytes' });
  await runKami(['revoke', 'test.kami.asking', 'ask=user'], place);
  await runKami(['uninstall', 'test.kami.asking'], place);
  await vi.waitFor(() => expect(updated).toEqual(['asking://text']), { timeout: 15_000 });
});
