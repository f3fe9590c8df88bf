import { expect, it } from 'vitest';
import { createLog, formatMessage } from './log.ts';

const loop: { name: string; self?: unknown } = { name: 'loop' };
loop.self = loop;
const shared = { a: 1 };

it.each([
  ['texts plain', ['a "b"', 'c'], 'a "b" c'],
  ['scalars', [1, true, null, undefined, 2n, Symbol('s')], '1 true null undefined 2n Symbol(s)'],
  [
    'objects as JSON',
    [{ a: [1, 'x'], gone: undefined, big: 3n }],
    '{"a":[1,"x"],"gone":"undefined","big":"3n"}',
  ],
  ['maps and sets', [new Map([['k', new Set([1])]])], '{"k":[1]}'],
  ['cycles', [loop], '{"name":"loop","self":"[circular]"}'],
  ['the same object twice', [[shared, shared]], '[{"a":1},{"a":1}]'],
  ['functions', [function named() {}, [() => 1]], '[function named] ["[function anonymous]"]'],
  [
    'what can not be printed',
    [
      {
        toJSON: () => {
          throw new Error('no');
        },
      },
    ],
    '[unprintable]',
  ],
])('writes %s', (_, values, line) => {
  expect(formatMessage(values)).toBe(line);
});

it('writes an error with its stack and cause, once each', () => {
  const line = formatMessage(['failed:', new Error('outer', { cause: new TypeError('inner') })]);
  expect(line).toMatch(/^failed: Error: outer\n {4}at [\s\S]*\nCaused by: TypeError: inner\n {4}at /);
  expect(line.match(/outer/g)).toHaveLength(1);
});

it('writes a stack in the style of SpiderMonkey, without the frames of the glue', () => {
  const error = new Error('boom');
  error.stack = 'work@tool.js:5:9\nasync*export_tool$run@/tmp/x/sources/initializer.js:124:28\n';
  expect(formatMessage([error])).toBe('Error: boom\nwork@tool.js:5:9');
});

it('gives each level its own function', () => {
  const lines: string[] = [];
  const log = createLog((level, line) => lines.push(`${level}: ${line}`));
  log.trace(1);
  log.debug(2);
  log.info('three', 3);
  log.warn(4);
  log.error(5);
  expect(lines).toEqual(['trace: 1', 'debug: 2', 'info: three 3', 'warn: 4', 'error: 5']);
});
