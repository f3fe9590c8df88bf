import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { kamiTool, ToolDefinitionError, ToolError } from '../index.ts';
import { createConsole } from './console.ts';
import { createExports } from './create-exports.ts';
import { createHostLog } from './startup.ts';

const identity = { id: 'com.example.x', name: 'x', version: '1.0.0' };

function component(handler: (input: { n: number }) => unknown) {
  const lines: string[] = [];
  const host = createHostLog((level, line) => void lines.push(`${level} ${line}`));
  const tool = kamiTool({ description: 'x', input: z.object({ n: z.number().default(0) }), handler });
  return { lines, host, exports: createExports(tool, identity, host).tool };
}

const failing = async (run: Promise<string>): Promise<unknown> =>
  run.then(
    () => expect.fail('run should have failed'),
    (thrown: unknown) => thrown,
  );

describe('run', () => {
  it('answers with the envelope of kami:result/1', async () => {
    const { exports } = component(({ n }) => ({ twice: n * 2 }));
    expect(await exports.run('{"n":4}')).toBe('{"value":{"twice":8}}');
    expect(await exports.run('{}')).toBe('{"value":{"twice":0}}');
  });

  it('throws a text, because anything else would be a trap', async () => {
    const { exports, lines } = component(({ n }) => {
      if (n === 1) throw new ToolError('no', { code: 'C' });
      if (n === 2) throw new Error('boom');
      return n === 3 ? 1n : n;
    });
    expect(await failing(exports.run('{'))).toMatch(
      /^\{"kind":"invalid-input","message":"The input is not JSON/,
    );
    expect(await failing(exports.run('{"n":"x"}'))).toMatch(
      /^\{"kind":"invalid-input".*"data":\{"issues":\[\{"path":"n"/,
    );
    expect(await failing(exports.run('{"n":1}'))).toBe('{"kind":"tool-error","message":"no","code":"C"}');
    expect(await failing(exports.run('{"n":3}'))).toMatch(
      /^\{"kind":"invalid-output","message":"JSON can't carry output/,
    );
    expect(lines).toEqual([]);
    expect(await failing(exports.run('{"n":2}'))).toBe('{"kind":"exception","message":"boom"}');
    expect(lines).toEqual([expect.stringMatching(/^debug Error: boom\n/)]);
  });
});

it('describe() answers as the tool does for its identity', () => {
  const { exports } = component(() => 1);
  expect(JSON.parse(exports.describe())).toMatchObject({
    ...identity,
    description: 'x',
    convention: 'kami:result/1',
  });
});

it.each([[undefined], [{}], [() => 1], [{ call() {}, describe() {} }]])('%j is no tool', (given) => {
  expect(() =>
    createExports(
      given,
      identity,
      createHostLog(() => {}),
    ),
  ).toThrow(ToolDefinitionError);
});

describe('lines of top-level code', () => {
  it('are kept, and written when a call begins', async () => {
    const { exports, host, lines } = component(() => host.write('info', 'in the call'));
    host.write('warn', 'at build time');
    expect(lines).toEqual([]);
    await exports.run('{}');
    expect(lines).toEqual(['warn at build time', 'info in the call']);
  });

  it('are bounded in number and length', async () => {
    const { exports, host, lines } = component(() => {});
    for (let index = 0; index < 103; index++) host.write('info', 'x'.repeat(10_000));
    await exports.run('{}');
    expect(lines).toHaveLength(101);
    expect(lines[0]).toBe(`info ${'x'.repeat(8192)}`);
    expect(lines[100]).toBe('warn 3 more early lines were dropped.');
  });
});

it('the console writes to the log', () => {
  const lines: string[] = [];
  const log = createConsole((level, line) => void lines.push(`${level} ${line}`));
  log.log?.('a', { b: 1 });
  log.info?.('i');
  log.debug?.('d');
  log.trace?.('t');
  log.warn?.('w');
  log.error?.('e');
  log.assert?.(true, 'silent');
  log.assert?.(false, 'loud');
  log.group?.('outer');
  log.log?.('inner');
  log.groupEnd?.();
  log.count?.();
  log.count?.();
  log.time?.('t');
  log.timeEnd?.('t');
  expect(lines.map((line) => line.replace(/[\d.e-]+ ms/, 'N ms'))).toEqual([
    'info a {"b":1}',
    'info i',
    'debug d',
    'trace t',
    'warn w',
    'error e',
    'error Assertion failed loud',
    'info outer',
    'info inner',
    'info default: 1',
    'info default: 2',
    'info t: N ms',
  ]);
});
