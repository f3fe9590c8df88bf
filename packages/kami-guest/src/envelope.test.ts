import { describe, expect, it } from 'vitest';
import {
  InvalidInputError,
  parseInput,
  serialiseError,
  serialiseOutput,
  ToolError,
  text,
  wrapError,
} from './index.ts';

describe('parseInput', () => {
  it('reads JSON', () => {
    expect(parseInput('{"a":[1,null]}')).toEqual({ a: [1, null] });
  });

  it.each([[''], ['{'], ['undefined'], ["{'a':1}"]])('refuses %j', (input) => {
    expect(() => parseInput(input)).toThrow(InvalidInputError);
    expect(() => parseInput(input)).toThrow(/The input is not JSON/);
  });
});

describe('serialiseOutput', () => {
  it('writes the ok text of kami:result/1', () => {
    expect(serialiseOutput({ value: { a: null } })).toBe('{"value":{"a":null}}');
    expect(serialiseOutput({ value: null })).toBe('{"value":null}');
    expect(serialiseOutput({})).toBe('{}');
    expect(serialiseOutput({ content: [text('x')] })).toBe('{"content":[{"type":"text","text":"x"}]}');
    expect(serialiseOutput({ content: [text('x')], value: { n: 1 } })).toBe(
      '{"content":[{"type":"text","text":"x"}],"structuredContent":{"n":1}}',
    );
  });
});

describe('serialiseError', () => {
  it('writes the err text of kami:result/1', () => {
    expect(serialiseError(new ToolError('no', { code: 'C', data: { a: 1 } }))).toBe(
      '{"kind":"tool-error","message":"no","code":"C","data":{"a":1}}',
    );
    expect(serialiseError(wrapError(new Error('boom')))).toBe('{"kind":"exception","message":"boom"}');
    expect(serialiseError(wrapError('boom'))).toBe('{"kind":"exception","message":"boom"}');
  });

  it('leaves out data that JSON can not carry', () => {
    expect(serialiseError(new ToolError('no', { data: 1n as unknown as number }))).toBe(
      '{"kind":"tool-error","message":"no"}',
    );
  });
});
