import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import * as mini from 'zod/mini';
import {
  content,
  HandlerError,
  InvalidInputError,
  InvalidOutputError,
  kamiTool,
  ToolDefinitionError,
  ToolError,
  type ToolLog,
  text,
} from './index.ts';

const noArguments = { type: 'object', properties: {} } as const;
const returning = (value: unknown, output?: Record<string, unknown>) =>
  kamiTool({ description: 'x', input: noArguments, handler: () => value, ...(output && { output }) });

async function failure(promise: Promise<unknown>): Promise<ToolError> {
  return promise.then(
    () => expect.fail('the call should have failed'),
    (error: ToolError) => error,
  );
}

function recorder(): { readonly log: ToolLog; readonly lines: string[] } {
  const lines: string[] = [];
  const at =
    (level: string) =>
    (...message: unknown[]) =>
      void lines.push(`${level} ${message.join(' ')}`);
  return {
    lines,
    log: { trace: at('trace'), debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
  };
}

describe('a definition', () => {
  const define = (given: unknown) => () => kamiTool(given as Parameters<typeof kamiTool>[0]);
  const sound = { description: 'x', input: noArguments, handler: () => 1 };

  it.each([
    ['no object', 5, /description must be a text/],
    ['an empty description', { ...sound, description: ' ' }, /description must be a text/],
    ['no handler', { ...sound, handler: 'x' }, /handler must be a function/],
    ['no input', { ...sound, input: undefined }, /input must be a Standard Schema/],
    ['a text as input', { ...sound, input: 'string' }, /must be a Standard Schema .* or JSON Schema/],
    [
      'an input that is no object',
      { ...sound, input: z.string() },
      /must describe an object.*type is "string"/,
    ],
    [
      'an input of JSON Schema that is no object',
      { ...sound, input: { type: 'array' } },
      /must describe an object/,
    ],
    ['an input without a type', { ...sound, input: {} }, /Its type is undefined/],
    [
      'a union with a branch that is no object',
      { ...sound, input: z.union([z.object({}), z.string()]) },
      /must describe/,
    ],
    [
      'zod/mini alone',
      { ...sound, input: mini.object({}) },
      /of zod offers none.*withJsonSchema\(schema, z\.toJSONSchema\)/,
    ],
    ['valibot alone', { ...sound, input: v.object({}) }, /of valibot .*toStandardJsonSchema/],
    [
      'a vendor nobody knows',
      { ...sound, input: { '~standard': { version: 1, vendor: 'acme', validate: () => ({ value: 1 }) } } },
      /of acme .*withJsonSchema/,
    ],
    [
      'a schema beyond JSON',
      { ...sound, input: z.object({ d: z.date() }) },
      /input can't be written as JSON Schema: Date/,
    ],
    ['a cyclic JSON Schema', { ...sound, input: cyclic() }, /self \(cycle\)/],
    [
      'an unknown annotation',
      { ...sound, annotations: { readonly: true } },
      /annotations\.readonly is unknown/,
    ],
    [
      'an annotation of another type',
      { ...sound, annotations: { title: 1 } },
      /annotations\.title must be a string/,
    ],
  ])('with %s is refused', (_, given, message) => {
    expect(define(given)).toThrow(ToolDefinitionError);
    expect(define(given)).toThrow(message);
  });

  function cyclic() {
    const schema: Record<string, unknown> = { type: 'object' };
    schema.self = schema;
    return schema;
  }

  it.each([
    ['a union of objects', z.union([z.object({ a: z.string() }), z.object({ b: z.string() })])],
    ['an intersection', z.intersection(z.object({ a: z.string() }), z.object({ b: z.string() }))],
    ['a reference', { $ref: '#/$defs/it', $defs: { it: { type: 'object' } } }],
  ])('may take %s, and says type object', (_, input) => {
    const tool = kamiTool({ description: 'x', input, handler: () => 1 });
    expect(tool.describe().inputSchema.type).toBe('object');
  });
});

describe('describe()', () => {
  it('says everything a host needs', () => {
    const tool = kamiTool({
      description: 'Greets.',
      input: z.object({ name: z.string().default('you') }),
      output: z.object({ greeting: z.string().default('hi') }),
      annotations: { title: 'Greeter', readOnlyHint: true },
      handler: () => ({}),
    });
    expect(tool.describe({ id: 'com.example.greet', name: 'greet', version: '1.2.3' })).toEqual({
      id: 'com.example.greet',
      name: 'greet',
      version: '1.2.3',
      description: 'Greets.',
      inputSchema: {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        type: 'object',
        properties: { name: { type: 'string', default: 'you' } },
      },
      outputSchema: {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        type: 'object',
        properties: { greeting: { type: 'string', default: 'hi' } },
        required: ['greeting'],
        additionalProperties: false,
      },
      annotations: { title: 'Greeter', readOnlyHint: true },
      sdk: { name: 'kami-guest', version: expect.stringMatching(/^\d+\.\d+\.\d+/) },
      convention: 'kami:result/1',
    });
  });

  it('leaves out what the author left out', () => {
    expect(Object.keys(returning(1).describe())).toEqual([
      'id',
      'name',
      'version',
      'description',
      'inputSchema',
      'sdk',
      'convention',
    ]);
  });
});

describe('call()', () => {
  it('enforces what JSON Schema can not express, and lists every issue', async () => {
    const tool = kamiTool({
      description: 'x',
      input: z.object({
        from: z.number(),
        items: z.array(
          z.object({ 'full name': z.string().refine((name) => name !== 'root', 'is reserved') }),
        ),
      }),
      handler: () => 1,
    });
    const error = await failure(
      tool.call({ from: 'x' as unknown as number, items: [{ 'full name': 'root' }] }),
    );
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error).toBeInstanceOf(ToolError);
    expect(error.message).toMatch(/from: .*number.*; items\[0\]\["full name"\]: is reserved/);
    expect(error.data).toEqual({
      issues: [
        { path: 'from', message: expect.any(String) },
        { path: 'items[0]["full name"]', message: 'is reserved' },
      ],
    });
  });

  it('bounds the list of issues', async () => {
    const tool = kamiTool({
      description: 'x',
      input: z.object({ list: z.array(z.number()) }),
      handler: () => 1,
    });
    const error = await failure(tool.call({ list: Array(1000).fill('x') }));
    expect(error.message).toMatch(/list\[9\].*and 990 more$/);
  });

  it.each([[null], [[]], ['text'], [undefined]])(
    'refuses %j as arguments of a plain JSON Schema',
    async (input) => {
      const error = await failure(returning(1).call(input as unknown as Record<string, never>));
      expect(error).toBeInstanceOf(InvalidInputError);
      expect(error.message).toMatch(/expected an object/);
    },
  );

  it('awaits asynchronous schemas and handlers', async () => {
    const tool = kamiTool({
      description: 'x',
      input: z.object({ a: z.string().refine(async (value) => value === 'good') }),
      handler: async ({ a }) => Promise.resolve(a),
    });
    expect(await tool.call({ a: 'good' })).toBe('good');
    await expect(tool.call({ a: 'bad' })).rejects.toThrow(InvalidInputError);
  });

  it('passes on a ToolError, with code and data, and subclasses of it', async () => {
    class NotFound extends ToolError {}
    const tool = kamiTool({
      description: 'x',
      input: noArguments,
      handler: () => {
        throw new NotFound('No such city.', { code: 'NOT_FOUND', data: { city: 'Atlantis' } });
      },
    });
    const error = await failure(tool.call({}));
    expect(error).toBeInstanceOf(NotFound);
    expect(error).toMatchObject({
      kind: 'tool-error',
      message: 'No such city.',
      code: 'NOT_FOUND',
      data: { city: 'Atlantis' },
    });
  });

  it.each([
    ['an Error', new TypeError('went wrong'), 'went wrong'],
    ['an Error without a message', new RangeError(), 'RangeError'],
    ['a text', 'plain', 'plain'],
    ['undefined', undefined, 'undefined'],
    ['an object without text form', Object.create(null), 'Something unprintable was thrown.'],
  ])('makes a HandlerError of %s thrown', async (_, thrown, message) => {
    const tool = kamiTool({
      description: 'x',
      input: noArguments,
      handler: async () => {
        throw thrown;
      },
    });
    const error = await failure(tool.call({}));
    expect(error).toBeInstanceOf(HandlerError);
    expect(error.message).toBe(message);
    expect(error.cause).toBe(thrown);
  });

  it('writes the stack of what was thrown to the log, not into the message', async () => {
    const { log, lines } = recorder();
    const tool = kamiTool({
      description: 'x',
      input: noArguments,
      handler: function collapse() {
        throw new Error('went wrong', { cause: new Error('deeper') });
      },
    });
    const error = await failure(tool.call({}, { log }));
    expect(error.message).toBe('went wrong');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^debug Error: went wrong\n.*collapse[\s\S]*Caused by: Error: deeper/);
  });

  it('gives the handler its identity and the log it was given', async () => {
    const { log, lines } = recorder();
    const tool = kamiTool({
      description: 'x',
      input: noArguments,
      handler: (_input, ctx) => {
        ctx.log.trace('t', 1);
        ctx.log.error('e');
        return ctx.tool;
      },
    });
    const identity = { id: 'com.example.x', name: 'x', version: '1.0.0' };
    expect(await tool.call({}, { log, tool: identity })).toEqual(identity);
    expect(lines).toEqual(['trace t 1', 'error e']);
    expect(await tool.call({})).toEqual({ id: 'local.tool', name: 'tool', version: '0.0.0' });
  });

  it('resolves to what JSON would carry', async () => {
    class Point {
      x = 1;
      y = undefined;
      #hidden = 2;
      get sum() {
        return this.x + this.#hidden;
      }
    }
    const shared = { a: 1 };
    const value = {
      at: new Date(0),
      point: new Point(),
      twice: [shared, shared],
      gone: undefined,
      nothing: null,
    };
    expect(await returning(value).call({})).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      point: { x: 1 },
      twice: [{ a: 1 }, { a: 1 }],
      nothing: null,
    });
    expect(await returning(undefined).call({})).toBeUndefined();
    expect(await returning(null).call({})).toBeNull();
    expect(await returning([]).call({})).toEqual([]);
  });

  it('keeps a key called __proto__ as data', async () => {
    const result = await returning(JSON.parse('{"__proto__":{"admin":true}}')).call({});
    expect(JSON.stringify(result)).toBe('{"__proto__":{"admin":true}}');
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
  });

  const loop: Record<string, unknown> = { deep: {} };
  loop.deep = { list: [loop] };
  it.each([
    ['a BigInt', { a: { b: 1n } }, /a\.b \(bigint\)/],
    ['a cycle', loop, /deep\.list\[0\] \(cycle\)/],
    ['a function', { list: [1, () => 2] }, /list\[1\] \(function\)/],
    ['undefined in an array', [undefined], /\[0\] \(undefined\)/],
    ['a symbol', Symbol('x'), /output \(symbol\)/],
    ['NaN', { n: Number.NaN }, /n \(NaN\)/],
    ['Infinity', [-Infinity], /\[0\] \(-Infinity\)/],
    ['a Map', { m: new Map() }, /m \(Map\)/],
    ['a Set', { s: new Set() }, /s \(Set\)/],
    ['bytes', { 'the bytes': new Uint8Array(2) }, /\["the bytes"\] \(Uint8Array\)/],
    ['a promise', [Promise.resolve(1)], /\[0\] \(Promise\)/],
    ['an error', { e: new TypeError('x') }, /e \(TypeError\)/],
  ])('refuses %s in a result, naming where', async (_, value, message) => {
    const error = await failure(returning(value).call({}));
    expect(error).toBeInstanceOf(InvalidOutputError);
    expect(error.message).toMatch(message);
  });

  it('checks the result against the output schema, and gives the validated one', async () => {
    const tool = kamiTool({
      description: 'x',
      input: z.object({ size: z.number() }),
      output: z.object({ size: z.number().max(10), unit: z.string().default('cm') }),
      handler: ({ size }) => ({ size, secret: 'dropped by zod' }),
    });
    expect(await tool.call({ size: 3 })).toEqual({ size: 3, unit: 'cm' });
    const error = await failure(tool.call({ size: 11 }));
    expect(error).toBeInstanceOf(InvalidOutputError);
    expect(error.message).toMatch(/^The output does not fit the schema\. size: /);
  });

  it('wants a value where an output schema is declared', async () => {
    const output = { type: 'object' };
    for (const rich of [text('x'), [text('x')], content([text('x')])]) {
      await expect(returning(rich, output).call({})).rejects.toThrow(/has an output schema: return a value/);
    }
    await expect(returning(undefined, output).call({})).rejects.toThrow(InvalidOutputError);
  });
});

describe('rich content', () => {
  it('is what the helpers made, alone, in an array, or in content()', async () => {
    const block = text('x');
    expect(await returning(block).call({})).toBe(block);
    expect(await returning([block, block]).call({})).toEqual([block, block]);
    const result = await kamiTool({
      description: 'x',
      input: noArguments,
      output: z.object({ n: z.number(), m: z.number().default(2) }),
      handler: () => content([block], { structuredContent: { n: 1 } }),
    }).call({});
    expect(result.content).toEqual([block]);
    expect(result.structuredContent).toEqual({ n: 1, m: 2 });
  });

  it('can not be forged by data that looks alike', async () => {
    const lookAlike = JSON.parse('{"type":"text","text":"x"}');
    const result = await returning(lookAlike).call({});
    expect(result).not.toBe(lookAlike);
    await expect(returning([text('x'), lookAlike]).call({})).rejects.toThrow(/mixes blocks and data/);
    await expect(returning({ ...text('x') }, { type: 'object' }).call({})).resolves.toEqual(lookAlike);
    expect(() => content([lookAlike])).toThrow(TypeError);
  });

  it('needs an object as structured answer', async () => {
    await expect(returning(content([], { structuredContent: [1] })).call({})).rejects.toThrow(
      /must be an object/,
    );
  });
});
