import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { budget, meterWat } from './fixtures/metered-wat.ts';
import { createRandom, randomProgram } from './fixtures/random-program.ts';
import { interpret } from './fixtures/random-program-oracle.ts';
import { writeProgram } from './fixtures/random-program-text.ts';

const imports = { env: { first: 1 } };
const mostPages = 5;

/** Beside the fixed programs of random-programs.test.ts: others in every run. */
test('a program that nobody has seen before does what it did, and pays what an interpreter counts', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1_000, max: 1_000_000 }), fc.integer(), async (seed, argument) => {
      const program = randomProgram(createRandom(seed), { mayTrap: false });
      const bytes = await parse(writeProgram(program));
      const { result, fuel } = interpret(program, argument, mostPages);
      expect((await meterWat(bytes, undefined, imports)).call('run', budget, argument).result).toBe(result);
      for (const form of ['cached', 'direct'] as const) {
        const paid = (await meterWat(bytes, form, imports)).call('run', budget, argument);
        expect({ result: paid.result, fuel: Number(budget - paid.fuel) }).toEqual({ result, fuel });
        if (fuel === 0) continue;
        const short = (await meterWat(bytes, form, imports)).call('run', BigInt(fuel - 1), argument);
        expect(short.fuel).toBe(-1n);
      }
    }),
    { numRuns: 40 },
  );
});
