import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import { toStandardJsonSchema } from '@valibot/to-json-schema';
import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, expectTypeOf, it } from 'vitest';
import * as z from 'zod';
import * as mini from 'zod/mini';
import {
  type Content,
  content,
  type InferInput,
  type InferOutput,
  kamiTool,
  type StandardSchema,
  text,
  withJsonSchema,
} from './index.ts';

it('any library that follows the specification fits', () => {
  type Official = StandardSchemaV1<string, number> & StandardJSONSchemaV1<string, number>;
  expectTypeOf<Official>().toExtend<StandardSchema<string, number>>();
  expectTypeOf<InferInput<Official>>().toEqualTypeOf<string>();
  expectTypeOf<InferOutput<Official>>().toEqualTypeOf<number>();
});

describe('types of the handler and of call()', () => {
  it('follow zod, before and after defaults and transforms', async () => {
    const tool = kamiTool({
      description: 'Counts.',
      input: z.object({ word: z.string(), times: z.number().default(1), tag: z.string().optional() }),
      output: z.object({
        size: z
          .string()
          .transform((word) => word.length)
          .pipe(z.number()),
      }),
      handler: (input, ctx) => {
        expectTypeOf(input).toEqualTypeOf<{ word: string; times: number; tag?: string | undefined }>();
        expectTypeOf(ctx.tool.id).toEqualTypeOf<string>();
        return { size: input.word.repeat(input.times) };
      },
    });
    expectTypeOf(tool.call)
      .parameter(0)
      .toEqualTypeOf<{ word: string; times?: number | undefined; tag?: string | undefined }>();
    const result = await tool.call({ word: 'ab', times: 2 });
    expectTypeOf(result).toEqualTypeOf<{ size: number }>();
    expect(result).toEqual({ size: 4 });
  });

  it('follow zod/mini with its own converter', async () => {
    const tool = kamiTool({
      description: 'Greets.',
      input: withJsonSchema(mini.object({ name: mini._default(mini.string(), 'you') }), mini.toJSONSchema),
      handler: async ({ name }) => {
        expectTypeOf(name).toEqualTypeOf<string>();
        return `Hello, ${name}`;
      },
    });
    expectTypeOf(tool.call).parameter(0).toEqualTypeOf<{ name?: string | undefined }>();
    const result = await tool.call({});
    expectTypeOf(result).toEqualTypeOf<string>();
    expect(result).toBe('Hello, you');
    expect(tool.describe().inputSchema).toMatchObject({
      type: 'object',
      properties: { name: { type: 'string', default: 'you' } },
    });
    expect(tool.describe().inputSchema).not.toHaveProperty('required');
  });

  it('follow arktype', async () => {
    const tool = kamiTool({
      description: 'Adds.',
      input: type({ a: 'number', 'b?': 'number' }),
      output: type({ sum: 'number' }),
      handler: ({ a, b }) => {
        expectTypeOf(a).toEqualTypeOf<number>();
        expectTypeOf(b).toEqualTypeOf<number | undefined>();
        return { sum: a + (b ?? 0) };
      },
    });
    const result = await tool.call({ a: 1, b: 2 });
    expectTypeOf(result).toEqualTypeOf<{ sum: number }>();
    expect(result).toEqual({ sum: 3 });
  });

  it('follow valibot through its adapter', async () => {
    const tool = kamiTool({
      description: 'Shouts.',
      input: toStandardJsonSchema(v.object({ word: v.optional(v.string(), 'hey') })),
      handler: ({ word }) => {
        expectTypeOf(word).toEqualTypeOf<string>();
        return word.toUpperCase();
      },
    });
    expectTypeOf(tool.call).parameter(0).toEqualTypeOf<{ word?: string | undefined }>();
    expect(await tool.call({})).toBe('HEY');
  });

  it('follow a plain JSON Schema', async () => {
    const tool = kamiTool({
      description: 'Everything.',
      input: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          level: { enum: ['low', 'high'] },
          exact: { const: 3 },
          list: { type: 'array', items: { type: 'integer' } },
          either: { anyOf: [{ type: 'string' }, { type: 'null' }] },
          one: {
            oneOf: [
              { type: 'boolean' },
              { type: 'object', properties: { x: { type: 'number' } }, required: ['x'] },
            ],
          },
          multi: { type: ['string', 'number'] },
          map: { type: 'object', additionalProperties: { type: 'boolean' } },
          any: { $ref: '#/$defs/any' },
        },
        required: ['name', 'list', 'exact'],
        additionalProperties: false,
      },
      output: { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] },
      handler: (input) => {
        expectTypeOf(input).toEqualTypeOf<{
          name: string;
          list: number[];
          exact: 3;
          level?: 'low' | 'high';
          either?: string | null;
          one?: boolean | { x: number };
          multi?: string | number;
          map?: Record<string, boolean>;
          any?: unknown;
        }>();
        return { ok: true };
      },
    });
    const result = await tool.call({ name: 'a', list: [1], exact: 3 });
    expectTypeOf(result).toEqualTypeOf<{ ok: boolean }>();
    expect(result).toEqual({ ok: true });
  });

  it('give a loose object for a JSON Schema without properties', async () => {
    const tool = kamiTool({
      description: 'Echoes.',
      input: { type: 'object' },
      handler: (input) => {
        expectTypeOf(input).toEqualTypeOf<Record<string, unknown>>();
        return input;
      },
    });
    expect(await tool.call({ a: [1, { b: null }] })).toEqual({ a: [1, { b: null }] });
  });

  it('let a handler write literals that the output schema names', async () => {
    const tool = kamiTool({
      description: 'Judges.',
      input: z.object({ n: z.number() }),
      output: z.object({ verdict: z.enum(['odd', 'even']) }),
      handler: async ({ n }) => ({ verdict: n % 2 === 0 ? 'even' : 'odd' }),
    });
    const result = await tool.call({ n: 3 });
    expectTypeOf(result).toEqualTypeOf<{ verdict: 'odd' | 'even' }>();
    expect(result).toEqual({ verdict: 'odd' });
  });

  it('keep the type of rich content, and of what goes with it', async () => {
    const rich = kamiTool({
      description: 'Rich.',
      input: z.object({}),
      output: z.object({ size: z.number() }),
      handler: () => content([text('three')], { structuredContent: { size: 3 } }),
    });
    const result = await rich.call({});
    expectTypeOf(result).toEqualTypeOf<Content<{ size: number }>>();
    expect(result.structuredContent.size).toBe(3);
    expect(result.content[0]).toMatchObject({ type: 'text', text: 'three' });
  });

  it('refuse what does not fit', () => {
    kamiTool({
      description: 'x',
      input: z.object({ a: z.string() }),
      output: z.object({ n: z.number() }),
      // @ts-expect-error the output schema wants a number
      handler: ({ a }) => ({ n: a }),
    });
    // @ts-expect-error a description is needed
    expect(() => kamiTool({ input: z.object({}), handler: () => 1 })).toThrow(/description/);
    const tool = kamiTool({ description: 'x', input: z.object({ a: z.string() }), handler: () => {} });
    // @ts-expect-error a is a string
    const refused = tool.call({ a: 1 });
    return expect(refused).rejects.toThrow(/a: /);
  });
});
