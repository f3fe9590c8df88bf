import { expect, it } from 'vitest';
import type { Sha256 } from '../../model/ids.ts';
import { CrashBreaker } from './breaker.ts';

const one = '1'.repeat(64) as Sha256;
const two = '2'.repeat(64) as Sha256;

it('opens after three crashes in a row, for that tool alone, and closes again', () => {
  let now = 0;
  const breaker = new CrashBreaker(() => now);
  for (let crash = 0; crash < 3; crash += 1) {
    expect(breaker.refusal(one)).toBeUndefined();
    breaker.crashed(one);
  }
  expect(breaker.refusal(one)).toMatch(/crashed its process 3 times .* another 30 s/);
  expect(breaker.refusal(two)).toBeUndefined();
  now += 29_999;
  expect(breaker.refusal(one)).toMatch(/another 1 s/);
  now += 1;
  expect(breaker.refusal(one)).toBeUndefined();
});

it('opens again at the first crash after its pause, and not after an answer', () => {
  let now = 0;
  const breaker = new CrashBreaker(() => now);
  for (let crash = 0; crash < 3; crash += 1) breaker.crashed(one);
  now += 30_000;
  breaker.crashed(one);
  expect(breaker.refusal(one)).toMatch(/4 times/);
  now += 30_000;
  breaker.answered(one);
  breaker.crashed(one);
  expect(breaker.refusal(one)).toBeUndefined();
});
