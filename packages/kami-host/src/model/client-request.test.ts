import { describe, expect, it } from 'vitest';
import { answers, type ClientRequest, InvalidClientRequest, parseClientRequests } from './client-request.ts';
import type { Json } from './json.ts';

const parse = (...requests: readonly unknown[]) => parseClientRequests(JSON.stringify(requests));
const form = (properties: object, required: readonly string[] = []) => ({
  method: 'elicitation/create',
  params: { message: 'Who?', requestedSchema: { type: 'object', properties, required } },
});

describe('what a tool asks its client', () => {
  it('is read as MCP has it, and nothing else is passed on', () => {
    const field = { type: 'string', title: 'Name', format: 'email', pattern: '(a+)+', $ref: '#/x' };
    expect(
      parse({ ...form({ name: field }, ['name']), more: 1 }, { method: 'roots/list', params: { x: 1 } }),
    ).toEqual([
      {
        method: 'elicitation/create',
        params: {
          mode: 'form',
          message: 'Who?',
          requestedSchema: {
            type: 'object',
            properties: { name: { type: 'string', title: 'Name', format: 'email' } },
            required: ['name'],
          },
        },
      },
      { method: 'roots/list', params: {} },
    ]);
    const messages = [{ role: 'user', content: { type: 'text', text: 'Hi', _meta: {} }, more: 1 }];
    expect(
      parse({
        method: 'sampling/createMessage',
        params: { messages, maxTokens: 9, includeContext: 'allServers', tools: [] },
      }),
    ).toEqual([
      {
        method: 'sampling/createMessage',
        params: { messages: [{ role: 'user', content: { type: 'text', text: 'Hi' } }], maxTokens: 9 },
      },
    ]);
  });

  it.each([
    ['no JSON', '{'],
    ['no list', '{}'],
    ['nothing', '[]'],
    ['too much at once', JSON.stringify(Array.from({ length: 17 }, () => ({ method: 'roots/list' })))],
    ['too long', JSON.stringify([form({ a: { type: 'string', title: 'x'.repeat(70_000) } })])],
    ['another method', '[{"method":"tools/call"}]'],
    ['a member of every object', '[{"method":"constructor"}]'],
    ['a form without a message', '[{"method":"elicitation/create","params":{}}]'],
    [
      'a web page to visit',
      '[{"method":"elicitation/create","params":{"mode":"url","url":"https://evil.example"}}]',
    ],
    ['a nested form', JSON.stringify([form({ a: { type: 'object' } })])],
    ['a list of anything', JSON.stringify([form({ a: { type: 'array' } })])],
    [
      'a model without a bound',
      '[{"method":"sampling/createMessage","params":{"messages":[{"role":"user","content":{"type":"text","text":"x"}}]}}]',
    ],
    [
      'a role that there is not',
      '[{"method":"sampling/createMessage","params":{"maxTokens":1,"messages":[{"role":"system","content":{"type":"text","text":"x"}}]}}]',
    ],
  ])('is refused when it is %s', (_what, text) => {
    expect(() => parseClientRequests(text)).toThrow(InvalidClientRequest);
  });
});

describe('an answer', () => {
  const accept = (content: object): Json => ({ action: 'accept', content }) as Json;
  const first = (request: object) => parse(request)[0] as ClientRequest;

  it.each([
    [{ type: 'string', minLength: 2, maxLength: 3 }, ['ab', 'äö'], ['a', 'abcd', 1, null, ['ab']]],
    [{ type: 'integer', minimum: 0, maximum: 5 }, [0, 5], [-1, 6, 1.5, '1']],
    [{ type: 'number' }, [1.5, -2], ['1', true]],
    [{ type: 'boolean' }, [true, false], ['true', 0]],
    [{ type: 'string', enum: ['a', 'b'] }, ['a'], ['c']],
    [{ type: 'string', oneOf: [{ const: 'a', title: 'A' }] }, ['a'], ['A']],
    [
      { type: 'array', items: { type: 'string', enum: ['a', 'b'] }, maxItems: 1 },
      [[], ['a']],
      [['c'], ['a', 'b'], 'a'],
    ],
    [{ type: 'array', items: { anyOf: [{ const: 'a', title: 'A' }] } }, [['a']], [['b']]],
  ])('fits a field %j', (field, fitting, others) => {
    const request = first(form({ field }, ['field']));
    for (const value of fitting) expect(answers(request, accept({ field: value }))).toBe(true);
    for (const value of others) expect(answers(request, accept({ field: value as Json }))).toBe(false);
    expect(answers(request, accept({}))).toBe(false);
    expect(answers(request, accept({ field: fitting[0] as Json, more: 1 }))).toBe(false);
    expect(answers(request, { action: 'decline' })).toBe(true);
    expect(answers(request, { action: 'else' })).toBe(false);
  });

  it('takes no field from what every object has', () => {
    expect(answers(first(form({ a: { type: 'string' } })), accept({ constructor: 'x' }))).toBe(false);
  });

  it('of a model and of roots has their form', () => {
    const model = first({
      method: 'sampling/createMessage',
      params: { maxTokens: 1, messages: [{ role: 'user', content: { type: 'text', text: 'x' } }] },
    });
    expect(answers(model, { role: 'assistant', content: { type: 'text', text: 'x' }, model: 'm' })).toBe(
      true,
    );
    expect(answers(model, { content: 'x', model: 'm' })).toBe(false);
    const roots = first({ method: 'roots/list' });
    expect(answers(roots, { roots: [{ uri: 'file:///a' }] })).toBe(true);
    expect(answers(roots, { roots: ['file:///a'] })).toBe(false);
    expect(answers(roots, null)).toBe(false);
  });
});
