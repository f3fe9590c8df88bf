import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createClientContext } from './client-context.ts';

/** A client that answers with these, and what it was asked and told. */
function client(...answers: readonly unknown[]) {
  const asked: unknown[] = [];
  const told: unknown[] = [];
  let next = 0;
  const context = createClientContext({
    progress: (...what) => void told.push(what),
    ask(text) {
      asked.push(JSON.parse(text));
      const answer = answers[next++];
      if (answer instanceof Error) throw Object.assign(answer, { payload: answer.message });
      return JSON.stringify(answer);
    },
  });
  return { asked, told, context };
}

const schema = z.object({ age: z.string().transform(Number) });

describe('elicit', () => {
  it('asks with the schema as JSON, and gives what the schema makes of the answer', async () => {
    const { asked, context } = client([{ action: 'accept', content: { age: '36' } }]);
    expect(await context.elicit({ message: 'How old?', schema })).toEqual({
      action: 'accept',
      content: { age: 36 },
    });
    expect(asked).toEqual([
      [
        {
          method: 'elicitation/create',
          params: {
            message: 'How old?',
            requestedSchema: { type: 'object', properties: { age: { type: 'string' } }, required: ['age'] },
          },
        },
      ],
    ]);
  });

  it('tells when nobody accepted', async () => {
    const { context } = client([{ action: 'decline', content: { age: 'x' } }]);
    expect(await context.elicit({ message: 'How old?', schema })).toEqual({ action: 'decline' });
  });

  it('fails with the reason of the host', async () => {
    const { context } = client(new Error('{"code":"NOT_PERMITTED","message":"No."}'));
    await expect(context.elicit({ message: 'How old?', schema })).rejects.toMatchObject({
      name: 'ToolError',
      code: 'NOT_PERMITTED',
      message: 'No.',
    });
  });
});

it('asks all that is asked in one turn together, and what comes later apart', async () => {
  const model = { role: 'assistant', content: { type: 'text', text: 'Paris' }, model: 'm' };
  const { asked, context } = client([model, { roots: [{ uri: 'file:///a' }] }], [{ roots: [] }]);
  const [answer, roots] = await Promise.all([
    context.sample({ messages: 'Capital?', maxTokens: 9 }),
    context.roots(),
  ]);
  expect(answer).toEqual({ ...model, text: 'Paris' });
  expect(roots).toEqual([{ uri: 'file:///a' }]);
  expect(await context.roots()).toEqual([]);
  expect(asked.map((requests) => (requests as unknown[]).length)).toEqual([2, 1]);
});

it('tells how far it is', () => {
  const { told, context } = client();
  context.progress(1);
  context.progress(2, 3, 'almost');
  expect(told).toEqual([
    [1, undefined, undefined],
    [2, 3, 'almost'],
  ]);
});
