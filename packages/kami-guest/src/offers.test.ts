import { describe, expect, it } from 'vitest';
import { offerPrompts } from './component/prompts.ts';
import { offerResources } from './component/resources.ts';
import type { ToolContext } from './context.ts';
import { image, kamiPrompt, kamiResource, ToolDefinitionError, text } from './index.ts';

const context = {} as ToolContext;

describe('prompts', () => {
  const { listed, functions } = offerPrompts([
    kamiPrompt({
      name: 'greet',
      arguments: { who: { complete: (value) => [`${value}!`] }, how: { required: false } },
      handler: ({ who, how }) => `Greet ${who}${how === undefined ? '' : ` ${how}`}.`,
    }),
    kamiPrompt({
      name: 'show',
      handler: () => [
        { role: 'assistant', content: image('AAAA', 'image/png') },
        { role: 'user', content: 'Thanks' },
      ],
    }),
    kamiPrompt({ name: 'block', handler: () => text('one') }),
  ]);

  it('are listed with their arguments', () => {
    expect(JSON.parse(JSON.stringify(listed.prompts)).slice(0, 2)).toEqual([
      {
        name: 'greet',
        arguments: [
          { name: 'who', required: true, completes: true },
          { name: 'how', required: false, completes: false },
        ],
      },
      { name: 'show', arguments: [] },
    ]);
  });

  it('give their messages', async () => {
    expect(JSON.parse(await functions.get(context, 'greet', '{"who":"Ada","how":7}')).messages).toEqual([
      { role: 'user', content: { type: 'text', text: 'Greet Ada.' } },
    ]);
    expect(JSON.parse(await functions.get(context, 'show', '{}')).messages).toEqual([
      { role: 'assistant', content: { type: 'image', data: 'AAAA', mimeType: 'image/png' } },
      { role: 'user', content: { type: 'text', text: 'Thanks' } },
    ]);
    expect(JSON.parse(await functions.get(context, 'block')).messages).toHaveLength(1);
    await expect(functions.get(context, 'greet', '{}')).rejects.toThrow('needs the argument "who"');
    await expect(functions.get(context, 'none', '{}')).rejects.toThrow('no prompt "none"');
    expect(await functions.complete(context, 'greet', 'who', 'A')).toBe('["A!"]');
    expect(await functions.complete(context, 'greet', 'how', 'A')).toBe('[]');
  });

  it('can not have names that clients would take for those of tools', () => {
    for (const name of ['', 'a_b', 'A', 'a b', '-a', 'x'.repeat(65)]) {
      expect(() => kamiPrompt({ name, handler: () => '' })).toThrow(ToolDefinitionError);
    }
    expect(() => offerPrompts({})).toThrow(ToolDefinitionError);
    expect(() => offerPrompts([{}])).toThrow(ToolDefinitionError);
  });
});

describe('resources', () => {
  const { listed, functions } = offerResources([
    kamiResource({ uri: 'x://text', name: 'text', read: () => 'hello' }),
    kamiResource({
      uri: 'x://bytes',
      name: 'bytes',
      mimeType: 'image/png',
      read: () => new Uint8Array([255]),
    }),
    kamiResource({
      uriTemplate: 'x://{a}/of/{b}',
      name: 'both',
      read: ({ a, b }) => ({ a, b }),
      complete: { a: (value, { b }) => [value, b ?? 'none'] },
    }),
  ]);
  const read = async (uri: string) => JSON.parse(await functions.read(context, uri));

  it('are read as texts, bytes and data', async () => {
    expect(await read('x://text')).toEqual([{ uri: 'x://text', mimeType: 'text/plain', text: 'hello' }]);
    expect(await read('x://bytes')).toEqual([{ uri: 'x://bytes', mimeType: 'image/png', blob: '/w==' }]);
    expect(await read('x://1%2F2/of/c')).toEqual([
      { uri: 'x://1%2F2/of/c', mimeType: 'application/json', text: '{"a":"1/2","b":"c"}' },
    ]);
    for (const uri of ['x://other', 'x:///of/', 'x://a/b/of/c', 'x://%E0%A4%A/of/c', 'x://a/of/c/']) {
      await expect(functions.read(context, uri)).rejects.toMatchObject({ code: 'NO_SUCH_RESOURCE' });
    }
  });

  it('are listed, and complete their variables', async () => {
    expect(JSON.parse(JSON.stringify(listed.resources))[2]).toEqual({
      uriTemplate: 'x://{a}/of/{b}',
      name: 'both',
      completes: ['a'],
    });
    expect(await functions.complete(context, 'x://{a}/of/{b}', 'a', 'v', '{"b":"w"}')).toBe('["v","w"]');
    expect(await functions.complete(context, 'x://{a}/of/{b}', 'b', 'v', '{}')).toBe('[]');
  });

  it('that could never be read are refused', () => {
    const read = () => '';
    for (const init of [
      { name: 'a', read },
      { uri: 'nothing', name: 'a', read },
      { uri: 'x://a', name: '', read },
      { uriTemplate: 'x://{?a}', name: 'a', read },
      { uriTemplate: 'x://{a}', name: 'a', read, complete: { b: () => [] } },
    ]) {
      expect(() => kamiResource(init as never)).toThrow(ToolDefinitionError);
    }
  });
});
