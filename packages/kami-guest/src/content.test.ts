import { expect, it } from 'vitest';
import { audio, content, image, resource, resourceLink, text } from './index.ts';

const bytes = Uint8Array.from({ length: 20_000 }, (_, index) => index % 251);
const base64 = Buffer.from(bytes).toString('base64');

it('writes blocks as MCP wants them', () => {
  expect(text('hi', { annotations: { audience: ['user'], priority: 1 } })).toEqual({
    type: 'text',
    text: 'hi',
    annotations: { audience: ['user'], priority: 1 },
  });
  expect(image('aGk=', 'image/png')).toEqual({ type: 'image', data: 'aGk=', mimeType: 'image/png' });
  expect(audio(bytes, 'audio/wav')).toEqual({ type: 'audio', data: base64, mimeType: 'audio/wav' });
  expect(resourceLink({ uri: 'https://example.com/a', name: 'a', size: 3 })).toEqual({
    type: 'resource_link',
    uri: 'https://example.com/a',
    name: 'a',
    size: 3,
  });
  expect(resource({ uri: 'note:1', text: '' })).toEqual({
    type: 'resource',
    resource: { uri: 'note:1', text: '' },
  });
  expect(resource({ uri: 'note:2', blob: bytes, mimeType: 'application/pdf' })).toEqual({
    type: 'resource',
    resource: { uri: 'note:2', blob: base64, mimeType: 'application/pdf' },
  });
});

it('encodes any number of bytes, and a view into a larger buffer', () => {
  for (const length of [0, 1, 2, 3, 0x1fff, 0x2000, 0x2001]) {
    const part = bytes.subarray(5, 5 + length);
    expect(image(part, 'image/png').data).toBe(Buffer.from(part).toString('base64'));
  }
});

it.each([['not base64!'], ['abc'], ['aGk'], ['a-_='], [12], [undefined]])(
  'refuses %j as binary data',
  (data) => {
    expect(() => image(data as string, 'image/png')).toThrow(/takes a Uint8Array or base64/);
  },
);

it('leaves no trace of the brand in JSON, and can not be changed', () => {
  expect(JSON.stringify(content([text('a')], { structuredContent: { n: 1 } }))).toBe(
    '{"content":[{"type":"text","text":"a"}],"structuredContent":{"n":1}}',
  );
  expect(Object.isFrozen(text('a'))).toBe(true);
});
