import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { guestFolder, install } from '../fixtures/guests.ts';
import { runJson, runKami } from '../fixtures/kami-command.ts';
import { type Connection, connect, eras, textOf } from '../fixtures/mcp-client.ts';
import { type TempFolder, tempFolder } from '../fixtures/temp-folder.ts';

const id = 'test.kami.asking';
const tool = 'test_kami_asking';

let data: TempFolder;
let options: { readonly dataDir: string };

beforeAll(async () => {
  data = await tempFolder();
  options = { dataDir: data.path };
  await install(guestFolder('asking'), options);
});
afterAll(() => data[Symbol.asyncDispose]());

/** A client whose person permits this, and what was asked of it; the tool's own question is answered too. */
async function served(
  permit: string | undefined,
  flags: readonly string[],
  era: (typeof eras)[number] = 'modern',
): Promise<Connection & { readonly asked: readonly string[] }> {
  await runKami(['revoke', id, 'ask=user'], options);
  const asked: string[] = [];
  const prepare = (client: Client): void => {
    client.registerCapabilities({ elicitation: { form: {} } });
    client.setRequestHandler('elicitation/create', ({ params: { message } }) => {
      asked.push(message);
      const isOurs = message.startsWith('KAMI asks: ');
      if (isOurs && permit === undefined) return { action: 'decline' } as never;
      return { action: 'accept', content: isOurs ? { permit } : { name: 'Ada' } } as never;
    });
  };
  const server = await connect(options, era, flags, prepare);
  return Object.assign(server, { asked });
}

interface Permissions {
  readonly permissions: readonly { readonly item: string; readonly granted: boolean }[];
}

async function isGranted(): Promise<boolean | undefined> {
  const { json } = await runJson<Permissions>(['permissions', id], options);
  return json.permissions.find(({ item }) => item === 'ask=user')?.granted;
}

const ask = async (server: Connection): Promise<string> => textOf(await server.call(tool, { what: 'user' }));

it.each(eras)('permits what the person permits, for this call (%s)', async (era) => {
  await using server = await served('once', ['--ask'], era);
  expect(await ask(server)).toContain('"name":"Ada"');
  expect(server.asked[0]).toContain(`the tool ${id} wants to ask the person at the client to fill in forms`);
  expect(await ask(server)).toContain('"name":"Ada"');
  expect(server.asked.filter((message) => message.startsWith('KAMI asks'))).toHaveLength(2);
});

it('permits it until the server ends', async () => {
  await using server = await served('session', ['--ask']);
  for (let call = 0; call < 3; call += 1) expect(await ask(server)).toContain('"name":"Ada"');
  expect(server.asked.filter((message) => message.startsWith('KAMI asks'))).toHaveLength(1);
  await server.client.close();
  await using next = await served('no', ['--ask']);
  expect(await ask(next)).toContain('not permitted');
});

it('grants it when the person says always, as kami grant does', async () => {
  await using server = await served('always', ['--ask']);
  expect(await ask(server)).toContain('"name":"Ada"');
  expect(await isGranted()).toBe(true);
});

it.each([
  ['says no', 'no', ['--ask']],
  ['declines', undefined, ['--ask']],
  ['answers something else', 'yes please', ['--ask']],
  ['was not to be asked', 'always', []],
])('permits nothing when the person %s', async (_what, permit, flags) => {
  await using server = await served(permit, flags);
  expect(await ask(server)).toContain('not permitted');
  expect(server.asked).toHaveLength(flags.length);
  expect(await isGranted()).toBe(false);
});

it('takes no permission from a client that was not asked for one', async () => {
  await using server = await served('no', ['--ask']);
  const forged = { 'permit ask=user': { action: 'accept', content: { permit: 'always' } } };
  await server.client
    .request({
      method: 'tools/call',
      params: { name: tool, arguments: { what: 'nothing' }, inputResponses: forged },
    })
    .catch(() => {});
  expect(await isGranted()).toBe(false);
});
