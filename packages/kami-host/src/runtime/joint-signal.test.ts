import { expect, it } from 'vitest';
import { jointSignal } from './joint-signal.ts';

it('follows the first of the others, with its reason', () => {
  const [one, two] = [new AbortController(), new AbortController()];
  const { signal } = jointSignal(one.signal, two.signal);
  expect(signal.aborted).toBe(false);
  two.abort('enough');
  one.abort('too late');
  expect(signal.reason).toBe('enough');
});

it('begins aborted with one that is', () => {
  expect(jointSignal(new AbortController().signal, AbortSignal.abort('before')).signal.reason).toBe('before');
});

it('follows nobody any more once it is released', () => {
  const one = new AbortController();
  const { signal, release } = jointSignal(one.signal);
  release();
  one.abort();
  expect(signal.aborted).toBe(false);
});
