import { expect, it } from 'vitest';
import { fewAtATime } from './few-at-a-time.ts';

it('lets no more run than it may, the rest in order, also after a failure', async () => {
  const limited = fewAtATime(2);
  const started: number[] = [];
  const gates = Array.from({ length: 5 }, () => Promise.withResolvers<number>());
  const results = gates.map(({ promise }, index) =>
    limited(() => {
      started.push(index);
      return promise;
    }),
  );
  const settled = Promise.allSettled(results);
  expect(started).toEqual([0, 1]);
  gates[1]?.reject(new Error('failed'));
  await results[1]?.catch(() => {});
  expect(started).toEqual([0, 1, 2]);
  for (const [index, gate] of gates.entries()) gate.resolve(index);
  expect((await settled).map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ]);
  expect(started).toEqual([0, 1, 2, 3, 4]);
});
