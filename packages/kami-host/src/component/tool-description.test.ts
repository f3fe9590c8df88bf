import { describe, expect, it } from 'vitest';
import { InvalidDescription, parseToolDescription } from './tool-description.ts';

const full = {
  id: 'dev.example.echo',
  version: '1.2.3',
  name: 'Echo',
  description: 'Gives back what it is given.',
  inputSchema: { type: 'object', properties: { text: { type: 'string' } } },
  outputSchema: { type: 'string' },
  annotations: { title: 'Echo!', readOnlyHint: true, destructiveHint: 'no', other: 1 },
  sdk: { name: 'kami-guest', version: '0.1.0' },
  convention: 'kami:result/1',
};

describe('parseToolDescription', () => {
  it('reads what kami-guest writes, and of the annotations what MCP knows', () => {
    expect(parseToolDescription(JSON.stringify(full))).toEqual({
      ...full,
      annotations: { title: 'Echo!', readOnlyHint: true },
    });
  });

  it('takes any other text as the description of a tool that takes any object and answers in text', () => {
    expect(parseToolDescription('upper-cases its input')).toMatchObject({
      id: undefined,
      description: 'upper-cases its input',
      inputSchema: { type: 'object' },
      outputSchema: undefined,
      convention: 'text',
    });
  });

  it('knows no other convention than its own', () => {
    expect(parseToolDescription(JSON.stringify({ ...full, convention: 'kami:result/9' })).convention).toBe(
      'text',
    );
  });

  it('bounds the length of what people and models read', () => {
    const long = parseToolDescription(
      JSON.stringify({ ...full, name: 'n'.repeat(999), description: 'd'.repeat(99_999) }),
    );
    expect(long.name).toHaveLength(64);
    expect(long.description).toHaveLength(4_096);
  });

  it.each([
    ['inputSchema', { type: 'string' }, /does not describe an object/],
    ['inputSchema', 'object', /inputSchema is not an object/],
    ['outputSchema', [], /outputSchema is not an object/],
    ['description', 7, /description is not a text/],
    ['id', {}, /id is not a text/],
    ['annotations', 'readOnly', /annotations is not an object/],
  ])('refuses a wrong %s', (key, value, message) => {
    const text = JSON.stringify({ ...full, [key]: value });
    expect(() => parseToolDescription(text)).toThrow(InvalidDescription);
    expect(() => parseToolDescription(text)).toThrow(message);
  });
});
