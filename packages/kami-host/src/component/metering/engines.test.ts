import { describe, expect, it } from 'vitest';
import { buildQuickJs, buildStarlingMonkey, inputs } from './fixtures/engines.ts';
import { type MeteredComponent, meterComponent } from './fixtures/metered-component.ts';
import { isExhausted } from './meter-module.ts';

// The first build on a machine compiles the engine; on a busy one, slowly.
const starlingMonkey = await buildStarlingMonkey();
const quickJs = await buildQuickJs();

describe.each([
  ['StarlingMonkey', starlingMonkey],
  ['QuickJS', quickJs],
] as const)(
  'a tool with %s in it',
  (_name, component) => {
    if (component === undefined) {
      it.skip('its builder is not installed');
      return;
    }
    const calls = [inputs.echo, inputs.fib(12), inputs.sort(50), inputs.echo];

    /** What four calls on a fresh instance answer, and the fuel after each. */
    function runOnce(metered: MeteredComponent) {
      const tool = metered.start();
      const steps = calls.map((input) => ({ answer: tool.run(input), used: tool.used() }));
      return { answers: steps.map(({ answer }) => answer), used: steps.map(({ used }) => used) };
    }

    it('answers as before in both forms, with the same fuel in 20 fresh instances', async () => {
      const plain = runOnce(await meterComponent(component, 'none'));
      expect(plain.answers[1]).toContain('144');
      const cached = await meterComponent(component, 'cached');
      const first = runOnce(cached);
      expect(first.answers).toEqual(plain.answers);
      expect(first.used[0]).toBeGreaterThan(10_000n);
      for (let left = 19; left > 0; left--) expect(runOnce(cached)).toEqual(first);
      expect(runOnce(await meterComponent(component, 'direct'))).toEqual(first);
    });

    it('runs out of fuel in the middle, and a fresh instance works', async () => {
      const metered = await meterComponent(component, 'cached');
      const needed = runOnce(metered).used[0] ?? 0n;
      const tool = metered.start(needed);
      expect(tool.run(inputs.echo)).toBe(runOnce(metered).answers[0]);
      expect(tool.fuel()).toBe(0n);
      tool.setFuel(1_000_000n);
      expect(() => tool.run(inputs.fib(30))).toThrow(/unreachable/);
      expect(isExhausted(tool.fuel())).toBe(true);
      // How far it gets past zero is bounded by a stretch without a loop or call.
      expect(tool.fuel()).toBeGreaterThan(-100_000n);
      expect(() => tool.run(inputs.echo)).toThrow();
      expect(metered.start().run(inputs.echo)).toBe(runOnce(metered).answers[0]);
    });
  },
  120_000,
);
