import { expect, it } from 'vitest';
import tool from './tool.ts';

it('sends the message back, as text and with its arguments as a document', async () => {
  const { content } = await tool.call({ message: 'hi', tone: 'loud' });
  expect(content).toEqual([
    { type: 'text', text: 'HI' },
    {
      type: 'resource',
      resource: {
        uri: 'echo://local.tool/arguments',
        mimeType: 'application/json',
        text: '{"message":"hi","tone":"loud"}',
      },
      annotations: { audience: ['user'] },
    },
  ]);
});

it('logs through its context', async () => {
  const lines: unknown[][] = [];
  const to =
    (level: string) =>
    (...words: unknown[]) =>
      void lines.push([level, ...words]);
  const log = {
    trace: to('trace'),
    debug: to('debug'),
    info: to('info'),
    warn: to('warn'),
    error: to('error'),
  };
  await tool.call({ message: 'hi', tone: 'loud' }, { log });
  expect(lines).toEqual([
    ['info', 'echoing', 2, 'characters'],
    ['debug', 'in upper case'],
  ]);
});

it('offers the schema as it was written', () => {
  expect(tool.describe().inputSchema).toMatchObject({
    required: ['message'],
    properties: { tone: { enum: ['plain', 'loud'] } },
  });
});
