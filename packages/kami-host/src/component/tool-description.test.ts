import { describe, expect, it } from 'vitest';
import { noOffers } from '../model/offers.ts';
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
      offers: noOffers,
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

describe('what a component offers beside its tool', () => {
  const offering = (offers: object) => () => parseToolDescription(JSON.stringify({ ...full, ...offers }));

  it('is read as it is listed, with nothing else', () => {
    const prompt = {
      name: 'greeting',
      title: 'Greeting',
      arguments: [{ name: 'who', required: true, more: 1 }],
      more: 1,
    };
    const template = { name: 'note', uriTemplate: 'notes://{title}', completes: ['title'], more: 1 };
    expect(
      offering({ prompts: [prompt], resources: [{ name: 'all', uri: 'notes://all', size: 1 }, template] })()
        .offers,
    ).toEqual({
      prompts: [
        {
          name: 'greeting',
          title: 'Greeting',
          arguments: [{ name: 'who', required: true, completes: false }],
        },
      ],
      resources: [
        { name: 'all', uri: 'notes://all' },
        { name: 'note', uriTemplate: 'notes://{title}', completes: ['title'] },
      ],
    });
  });

  it.each([
    ['a prompt without a name', { prompts: [{}] }],
    ['a prompt that could take the name of another tool', { prompts: [{ name: 'a_b' }] }],
    ['two prompts of one name', { prompts: [{ name: 'a' }, { name: 'a' }] }],
    ['prompts that are no list', { prompts: { a: 1 } }],
    [
      'more prompts than there may be',
      { prompts: Array.from({ length: 201 }, (_, index) => ({ name: `p${index}` })) },
    ],
    ['a resource without a URI', { resources: [{ name: 'a' }] }],
    ['a resource without a scheme', { resources: [{ name: 'a', uri: 'notes' }] }],
    ['a file of the machine', { resources: [{ name: 'a', uri: 'file:///etc/passwd' }] }],
    ['a web page', { resources: [{ name: 'a', uri: 'HTTPS://bank.example/' }] }],
    ['files by a template', { resources: [{ name: 'a', uriTemplate: 'file:///{name}' }] }],
    [
      'one address twice',
      {
        resources: [
          { name: 'a', uri: 'x://a' },
          { name: 'b', uri: 'x://a' },
        ],
      },
    ],
  ])('is refused with %s', (_what, offers) => {
    expect(offering(offers)).toThrow(InvalidDescription);
  });
});
