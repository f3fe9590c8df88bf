import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { describe, expect, it } from 'vitest';
import { budget, type MeteredWat, meterWat } from './fixtures/metered-wat.ts';
import { createRandom, randomProgram } from './fixtures/random-program.ts';
import { interpret } from './fixtures/random-program-oracle.ts';
import { writeProgram } from './fixtures/random-program-text.ts';

const programs = 400;
const mostPages = 5;
const imports = { env: { first: 1 } };

/** Everything that a call leaves behind. */
function observe(module: MeteredWat, argument: number) {
  const { result, fuel } = module.call('run', budget, argument);
  const globals = ['g0', 'g1'].map((name) => (module.exports[name] as unknown as WebAssembly.Global).value);
  return { state: { result, globals, memory: hash(module.memory) }, fuel: Number(budget - fuel) };
}

function hash(memory: WebAssembly.Memory | undefined): number {
  let sum = 0;
  for (const word of new Uint32Array(memory?.buffer ?? new ArrayBuffer(0)))
    sum = (Math.imul(sum, 31) + word) | 0;
  return sum;
}

describe(`${programs} random programs`, () => {
  it('use what an interpreter counts, in both forms, and do what they did', async () => {
    let counted = 0;
    for (let seed = 1; seed <= programs; seed++) {
      const program = randomProgram(createRandom(seed), { mayTrap: false });
      const bytes = await parse(writeProgram(program));
      for (const argument of [0, 7]) {
        const expected = interpret(program, argument, mostPages);
        const [plain, cached, direct, again] = await Promise.all(
          ([undefined, 'cached', 'direct', 'cached'] as const).map(async (form) =>
            observe(await meterWat(bytes, form, imports), argument),
          ),
        );
        const state = { ...plain?.state, result: expected.result, globals: expected.globals };
        for (const metered of [cached, direct, again]) {
          expect({ seed, ...metered }).toEqual({ seed, state, fuel: expected.fuel });
        }
        counted += expected.fuel;
      }
    }
    expect(counted).toBeGreaterThan(programs * 20);
  }, 120_000);

  it('run out of fuel exactly when they get less than they use', async () => {
    for (let seed = 1; seed <= programs; seed += 4) {
      const program = randomProgram(createRandom(seed), { mayTrap: false });
      const bytes = await parse(writeProgram(program));
      const { fuel, result } = interpret(program, 3, mostPages);
      for (const form of ['cached', 'direct'] as const) {
        const enough = (await meterWat(bytes, form, imports)).call('run', BigInt(fuel), 3);
        expect({ seed, ...enough }).toEqual({ seed, result, fuel: 0n });
        const less = BigInt(Math.floor((fuel * (seed % 10)) / 10));
        const short = (await meterWat(bytes, form, imports)).call('run', less, 3);
        expect(short.fuel < 0n).toBe(fuel > 0);
        if (fuel > 0)
          expect((await meterWat(bytes, form, imports)).call('run', BigInt(fuel - 1), 3).fuel).toBe(-1n);
      }
    }
  }, 120_000);

  it('that trap do so as before, with the same fuel each time', async () => {
    let traps = 0;
    for (let seed = 1; seed <= programs; seed++) {
      const bytes = await parse(writeProgram(randomProgram(createRandom(seed), { mayTrap: true })));
      const [plain, cached, direct, again] = await Promise.all(
        ([undefined, 'cached', 'direct', 'cached'] as const).map(async (form) =>
          observe(await meterWat(bytes, form, imports), 5),
        ),
      );
      expect({ seed, ...cached?.state }).toEqual({ seed, ...plain?.state });
      expect({ seed, ...direct?.state }).toEqual({ seed, ...plain?.state });
      expect(again).toEqual(cached);
      const trapped = String(plain?.state.result).startsWith('trap');
      if (trapped) expect(cached?.fuel).toBeLessThanOrEqual(direct?.fuel ?? 0);
      else expect(cached?.fuel).toBe(direct?.fuel);
      traps += Number(trapped);
    }
    expect(traps).toBeGreaterThan(programs / 20);
  }, 120_000);
});
