import { expect, it } from 'vitest';
import tool from './tool.ts';

it('greets by name', async () => {
  expect(await tool.call({ name: 'Ada' })).toEqual({ greeting: 'Hello, Ada!' });
});

it('wants a name', async () => {
  await expect(tool.call({ name: '' })).rejects.toThrow('name: ');
});
