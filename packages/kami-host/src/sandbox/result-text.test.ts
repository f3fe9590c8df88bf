import { describe, expect, it } from 'vitest';
import { readFailure, readSuccess } from './result-text.ts';

const convention = 'kami:result/1';
const read = (envelope: unknown, promisesStructure = false) =>
  readSuccess(JSON.stringify(envelope), convention, promisesStructure);

describe('readSuccess', () => {
  it('takes the text of a component of another tool chain as it is', () => {
    expect(readSuccess('{"value":1}', 'text', false)).toEqual({
      status: 'success',
      content: [{ type: 'text', text: '{"value":1}' }],
      structuredContent: undefined,
    });
  });

  it.each([
    [{ value: { a: 1 } }, '{"a":1}', { a: 1 }],
    [{ value: 'plain' }, 'plain', undefined],
    [{ value: [1, 2] }, '[1,2]', undefined],
    [{ value: null }, 'null', undefined],
  ])('mirrors %j in a text', (envelope, text, structuredContent) => {
    expect(read(envelope)).toEqual({
      status: 'success',
      content: [{ type: 'text', text }],
      structuredContent,
    });
  });

  it('keeps any value as structured content where the tool promises it', () => {
    expect(read({ value: [1, 2] }, true)).toMatchObject({ structuredContent: [1, 2] });
  });

  it('gives nothing for nothing', () => {
    expect(read({})).toEqual({ status: 'success', content: [], structuredContent: undefined });
  });

  const blocks = [
    { type: 'text', text: 'hi' },
    { type: 'image', data: 'aGk=', mimeType: 'image/png' },
    { type: 'audio', data: '', mimeType: 'audio/wav' },
    { type: 'resource_link', uri: 'https://example.com/', name: 'example' },
    { type: 'resource', resource: { uri: 'file:///a', text: 'a' } },
    { type: 'resource', resource: { uri: 'file:///b', blob: 'aGk=' } },
  ];

  it('passes every kind of content on', () => {
    expect(read({ content: blocks, structuredContent: { n: 1 } })).toEqual({
      status: 'success',
      content: blocks,
      structuredContent: { n: 1 },
    });
  });

  it.each([
    ['no envelope', 'text'],
    ['a list', []],
    ['content that is no list', { content: {} }],
    ['an unknown kind of block', { content: [{ type: 'video', data: '' }] }],
    [
      'an image that is no base64',
      { content: [{ type: 'image', data: '<svg>', mimeType: 'image/svg+xml' }] },
    ],
    ['a resource without content', { content: [{ type: 'resource', resource: { uri: 'file:///a' } }] }],
    ['too many blocks', { content: Array.from({ length: 1_001 }, () => blocks[0]) }],
    ['structured content that is no object', { content: [], structuredContent: 1 }],
  ])('calls %s a broken promise', (_what, envelope) => {
    expect(read(envelope)).toMatchObject({ status: 'failure', reason: 'invalid-output' });
  });

  it('calls JSON that is nested without end a broken promise', () => {
    const deep = `{"value":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(readSuccess(deep, convention, false)).toMatchObject({ reason: 'invalid-output' });
  });
});

describe('readFailure', () => {
  it('reads message, code and data of a failure by the convention', () => {
    const text = JSON.stringify({
      kind: 'tool-error',
      message: 'no such city',
      code: 'NOT_FOUND',
      data: { city: 'X' },
    });
    expect(readFailure(text, convention)).toEqual({
      status: 'failure',
      reason: 'tool-error',
      message: 'no such city',
      code: 'NOT_FOUND',
      data: { city: 'X' },
    });
  });

  it.each([
    ['invalid-input', 'invalid-input'],
    ['invalid-output', 'invalid-output'],
    ['exception', 'tool-error'],
    ['timeout', 'tool-error'],
  ])('a guest that says %s means %s: it can not pass for the host', (kind, reason) => {
    expect(readFailure(JSON.stringify({ kind, message: 'm' }), convention).reason).toBe(reason);
  });

  it('takes any other text as the message', () => {
    expect(readFailure('went wrong', convention).message).toBe('went wrong');
    expect(readFailure('{"a":1}', 'text').message).toBe('{"a":1}');
  });
});
