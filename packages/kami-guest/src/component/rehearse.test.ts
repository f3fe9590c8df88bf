import { expect, it } from 'vitest';
import * as z from 'zod';
import { kamiTool } from '../index.ts';
import type { Schema } from '../schema/infer.ts';
import { createExports } from './create-exports.ts';
import { createHostLog } from './startup.ts';

const identity = { id: 'com.example.x', name: 'x', version: '1.0.0' };

/** The exports of a tool with this input schema, and what it logged so far. */
function component(input: Schema, begin = () => {}) {
  const lines: string[] = [];
  const host = createHostLog((_level, line) => void lines.push(line));
  const tool = kamiTool({ description: 'x', input, handler: (value: unknown) => value });
  begin();
  return { exports: createExports(tool, identity, host).tool, host, lines };
}

it('calls none of the functions in a schema with a value', () => {
  const calls: unknown[] = [];
  const note = (value?: unknown) => {
    calls.push(value);
    return 'x';
  };
  component(
    z
      .object({
        defaulted: z.string().default(note),
        refined: z
          .string()
          .optional()
          .refine((value) => note(value) === 'x'),
        transformed: z.string().optional().transform(note),
        preprocessed: z.preprocess(note, z.string()),
        later: z.string().refine(async (value) => note(value) === 'x'),
      })
      .refine((value) => note(value) === 'x'),
    // Writing it as JSON Schema asks for the default.
    () => calls.splice(0),
  );
  expect(calls).toEqual([]);
});

it('lets zod write its parser before the first call', async () => {
  let reads = 0;
  const schema = z.object({
    get text() {
      reads += 1;
      return z.string();
    },
  });
  const { exports } = component(schema);
  const before = reads;
  expect(before).toBeGreaterThan(0);
  expect(await exports.run('{"text":"hi"}')).toBe('{"value":{"text":"hi"}}');
  expect(reads).toBe(before);
});

it('says nothing, and outlives a schema that fails', async () => {
  const validate = (host: { write?: (level: 'info', line: string) => void }) => (value: unknown) => {
    host.write?.('info', 'seen');
    return (value as { text: string }).text === 'later'
      ? Promise.reject(new Error('never'))
      : { value: { text: (value as { text: string }).text } };
  };
  const late: { write?: (level: 'info', line: string) => void } = {};
  const jsonSchema = { input: () => ({ type: 'object' }), output: () => ({ type: 'object' }) };
  const { exports, host, lines } = component({
    '~standard': { version: 1, vendor: 'mine', validate: validate(late), jsonSchema },
  } as Schema);
  late.write = host.write;
  expect(await exports.run('{"text":"a"}')).toBe('{"value":{"text":"a"}}');
  expect(lines).toEqual(['seen']);
});
