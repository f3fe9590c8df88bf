import { ProtocolError } from '@modelcontextprotocol/client';
import type { Loopback } from '../loopback.ts';
import type { Churn } from './churn.ts';
import type { SoakClient } from './clients.ts';
import { expectSame, type Tally } from './tally.ts';

const timeout = 60_000;
const invalidParams = -32_602;
const tool = (name: string) => `dev_kami_bench_${name}`;
const asking = 'test_kami_asking';

interface Surroundings {
  readonly loopback: Loopback;
  readonly churn: Churn;
}

/** Asks one thing, and throws unless the answer is the right one. `mark` is in no other request. */
type Ask = (client: SoakClient, mark: string, surroundings: Surroundings) => Promise<void>;

const asks: Readonly<Record<string, Ask>> = {
  async echo({ client }, mark) {
    const result = await client.callTool({ name: tool('echo'), arguments: { message: mark } }, { timeout });
    expectSame(result.structuredContent, { message: mark, call: 1 });
  },
  async progress({ client }) {
    const told: number[] = [];
    const onprogress = ({ progress }: { readonly progress: number }) => void told.push(progress);
    const result = await client.callTool(
      { name: asking, arguments: { what: 'progress' } },
      { timeout, onprogress },
    );
    expectSame([result.structuredContent, told], [{ done: 3 }, [1, 2, 3]]);
  },
  async elicitation({ client, name }) {
    const result = await client.callTool({ name: asking, arguments: { what: 'user' } }, { timeout });
    expectSame(result.structuredContent, { action: 'accept', content: { name } });
  },
  async prompt({ client }, mark) {
    const { messages } = await client.getPrompt(
      { name: `${asking}_greeting`, arguments: { name: mark } },
      { timeout },
    );
    expectSame(
      messages.map(({ content }) => content),
      [{ type: 'text', text: `Greet ${mark} in English.` }],
    );
  },
  async resource({ client }, mark) {
    const uri = `asking://of/${mark}/data`;
    const { contents } = await client.readResource({ uri }, { timeout, cacheMode: 'bypass' });
    const [content] = contents;
    expectSame(
      [content?.uri, content !== undefined && 'text' in content && content.text],
      [uri, `{"id":"${mark}"}`],
    );
  },
  /** Nothing but the cancellation ends this one so soon. */
  async cancellation({ client }) {
    const cancel = new AbortController();
    setTimeout(() => cancel.abort(), 20 + Math.random() * 200);
    const ended = await client
      .callTool({ name: tool('fib'), arguments: { n: 40 } }, { timeout, signal: cancel.signal })
      .then(
        () => 'answered',
        () => (cancel.signal.aborted ? 'cancelled' : 'failed'),
      );
    expectSame(ended, 'cancelled');
  },
  async fetch({ client }, _mark, { loopback, churn }) {
    const wasGranted = churn.granted.look();
    const result = await client.callTool(
      { name: tool('fetch'), arguments: { url: loopback.now } },
      { timeout },
    );
    const isRefused = result.isError === true && JSON.stringify(result._meta).includes('"network"');
    if (!isRefused) expectSame(result.structuredContent, { status: 200, text: 'ok', call: 1 });
    expectSame(!isRefused, wasGranted() ?? !isRefused);
  },
  async 'come and go'({ client }, mark, { churn }) {
    const wasInstalled = churn.installed.look();
    const rows = [{ id: mark, name: mark, size: 1 }];
    const code = await client
      .callTool({ name: tool('transform'), arguments: { rows, atLeast: 0, sortBy: 'name' } }, { timeout })
      .then((result) => {
        // Uninstalled between being found and being run, it fails as a call.
        if (wasInstalled() === undefined && result.isError === true) return undefined;
        if (!JSON.stringify(result.structuredContent ?? null).includes(mark)) {
          throw new Error(`another's answer: ${JSON.stringify(result)}`);
        }
        return 0;
      }, codeOf);
    const wanted = { true: 0, false: invalidParams, undefined: code };
    expectSame(code, wanted[`${wasInstalled()}`]);
  },
  async 'tools/list'({ client }, _mark, { churn }) {
    const wasInstalled = churn.installed.look();
    const { tools } = await client.listTools(undefined, { timeout, cacheMode: 'bypass' });
    const names = tools.map(({ name }) => name);
    for (const name of [tool('echo'), tool('fetch'), tool('fib'), asking]) {
      expectSame([name, names.includes(name)], [name, true]);
    }
    const isThere = names.includes(tool('transform'));
    expectSame(isThere, wasInstalled() ?? isThere);
  },
  async 'unknown tool'({ client }, mark) {
    const code = await client.callTool({ name: mark, arguments: {} }, { timeout }).then(() => 0, codeOf);
    expectSame(code, invalidParams);
  },
};

/** Asks one thing after the other, each of them equally often, until `isOver`. */
export async function askInTurn(
  client: SoakClient,
  lane: number,
  surroundings: Surroundings,
  tally: Tally,
  isOver: () => boolean,
): Promise<void> {
  const kinds = Object.entries(asks);
  for (let turn = lane * 3; !isOver(); turn++) {
    const entry = kinds[turn % kinds.length];
    if (entry === undefined) return;
    const [kind, ask] = entry;
    const mark = `${client.name.replaceAll(' ', '-')}-${lane}-${turn}`;
    await tally.count(kind, () => ask(client, mark, surroundings));
  }
}

function codeOf(error: unknown): number {
  if (error instanceof ProtocolError) return error.code;
  throw error;
}
