import { describe, expect, it } from 'vitest';
import type { Json } from '../model/json.ts';
import { InvalidSchema, schemaCheck } from './schema-check.ts';

function check(schema: object, value: Json, defaults: 'fill' | 'leave' = 'fill'): readonly string[] {
  return schemaCheck(JSON.stringify(schema), defaults).problems(value);
}

describe('schemaCheck', () => {
  it('names every argument that does not fit, and why', () => {
    const schema = {
      type: 'object',
      properties: {
        count: { type: 'integer', maximum: 9 },
        unit: { enum: ['m', 'km'] },
        deep: { type: 'array', items: { type: 'string' } },
      },
      required: ['count', 'name'],
      additionalProperties: false,
    };
    expect(check(schema, { count: 12.5, unit: 'mile', deep: ['a', 1], other: true })).toEqual([
      "must have required property 'name'",
      'must NOT have additional properties: "other"',
      'count: must be integer',
      'count: must be <= 9',
      'unit: must be equal to one of the allowed values: ["m","km"]',
      'deep.1: must be string',
    ]);
  });

  it('fills in defaults when asked to, and only then', () => {
    const schema = { type: 'object', properties: { size: { type: 'integer', default: 3 } } };
    const filled = {};
    expect(check(schema, filled, 'fill')).toEqual([]);
    expect(filled).toEqual({ size: 3 });
    const left = {};
    expect(check(schema, left, 'leave')).toEqual([]);
    expect(left).toEqual({});
  });

  it('speaks 2020-12 and draft-07, whichever the schema names', () => {
    const tuple = { type: 'array', prefixItems: [{ type: 'string' }] };
    expect(check({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...tuple }, [1])).toHaveLength(1);
    expect(check(tuple, [1])).toHaveLength(1);
    const draft07 = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'array',
      items: [{ type: 'string' }],
    };
    expect(check(draft07, [1])).toHaveLength(1);
  });

  it('follows references within the schema', () => {
    const tree = { type: 'object', properties: { next: { $ref: '#' } }, required: ['value'] };
    expect(check(tree, { value: 1, next: { next: {} } })).toHaveLength(2);
  });

  it('takes formats as annotations', () => {
    expect(check({ type: 'string', format: 'email' }, 'not an address')).toEqual([]);
  });

  it.each([
    ['a type that is none', { type: 'text' }],
    ['a reference out of the schema', { $ref: 'https://example.com/schema.json' }],
    ['a pattern that is no expression', { type: 'string', pattern: '(' }],
  ])('refuses %s', (_what, schema) => {
    expect(() => check(schema, 'x')).toThrow(InvalidSchema);
  });

  it('says no more than ten problems', () => {
    const problems = check(
      { type: 'array', items: { type: 'string' } },
      Array.from({ length: 50 }, (_, n) => n),
    );
    expect(problems).toHaveLength(11);
    expect(problems.at(-1)).toBe('40 more');
  });
});
