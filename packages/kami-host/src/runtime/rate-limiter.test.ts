import { expect, it } from 'vitest';
import { RateLimiter } from './rate-limiter.ts';

function setUp() {
  let now = 0;
  const limiter = new RateLimiter(() => now);
  const wait = (ms: number) => {
    now += ms;
  };
  return { limiter, wait };
}

it('lets a minute of calls pass at once, then one whenever its time has come', () => {
  const { limiter, wait } = setUp();
  for (let n = 0; n < 60; n++) expect(limiter.take('a', 60)).toBe(0);
  expect(limiter.take('a', 60)).toBe(1_000);
  wait(999);
  expect(limiter.take('a', 60)).toBe(1);
  wait(1);
  expect(limiter.take('a', 60)).toBe(0);
  expect(limiter.take('a', 60)).toBe(1_000);
});

it('counts every key for itself', () => {
  const { limiter } = setUp();
  expect(limiter.take('a', 1)).toBe(0);
  expect(limiter.take('a', 1)).toBeGreaterThan(0);
  expect(limiter.take('b', 1)).toBe(0);
});

it('saves up no more than a minute, however long nothing came', () => {
  const { limiter, wait } = setUp();
  limiter.take('a', 2);
  wait(3_600_000);
  expect([limiter.take('a', 2), limiter.take('a', 2)]).toEqual([0, 0]);
  expect(limiter.take('a', 2)).toBeGreaterThan(0);
});
