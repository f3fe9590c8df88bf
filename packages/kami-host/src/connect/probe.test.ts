import { describe, expect, it } from 'vitest';
import { probeServer } from './probe.ts';

const ask = (script: string, timeoutMs = 20_000) =>
  probeServer(
    { command: process.execPath, args: ['--input-type=module', '--eval', script], env: { MARK: 'set' } },
    { env: {}, timeoutMs, signal: new AbortController().signal },
  );

/** A server of a few lines: answers each request with what `reply` makes of it. */
const server = (reply: string, before = '') => `
  import { createInterface } from 'node:readline';
  ${before}
  const reply = ${reply};
  createInterface({ input: process.stdin }).on('line', (line) => {
    const { id, method, params } = JSON.parse(line);
    if (id !== undefined) console.log(JSON.stringify({ jsonrpc: '2.0', id, ...reply(method, params) }));
  });
`;

describe('a server that is asked for its tools', () => {
  it('answers, in several pages and with noise around it', async () => {
    const reply = `(method, params) => ({ result: method === 'initialize' ? {} : params.cursor === undefined
      ? { tools: [{ name: process.env.MARK }], nextCursor: 'x' } : { tools: [{ name: params.cursor }] } })`;
    expect(await ask(server(reply, "console.log('hello');"))).toEqual({
      status: 'answered',
      tools: ['set', 'x'],
      noise: ['hello'],
    });
  });

  it('refuses', async () => {
    const result = await ask(server("() => ({ error: { code: 1, message: 'not today' } })"));
    expect(result).toMatchObject({ status: 'failed', reason: expect.stringContaining('not today') });
  });

  it('ends early, and what it said on stderr is known', async () => {
    expect(await ask("console.error('no', 'way'); process.exit(1);")).toEqual({
      status: 'failed',
      reason: 'It ended before it answered.',
      stderr: ['no way'],
    });
  });

  it('never answers, and is ended', async () => {
    const result = await ask("process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);", 500);
    expect(result).toMatchObject({ status: 'failed', reason: 'It did not answer within 0.5 s.' });
  });

  it.each([['/nowhere/kami'], [''], ['a\0b']])('is not there: %j', async (command) => {
    const result = await probeServer(
      { command, args: [], env: {} },
      { env: {}, timeoutMs: 5_000, signal: new AbortController().signal },
    );
    expect(result).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('could not be started'),
    });
  });

  it('is given up when the command is interrupted', async () => {
    const stop = new AbortController();
    const asked = probeServer(
      { command: process.execPath, args: ['--eval', 'setInterval(() => {}, 1000)'], env: {} },
      { env: {}, timeoutMs: 20_000, signal: stop.signal },
    );
    stop.abort();
    expect(await asked).toMatchObject({ status: 'failed', reason: 'The check was interrupted.' });
  });
});
