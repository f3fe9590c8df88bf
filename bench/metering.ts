// What metering costs: the same work metered and unmetered, one after the other in one run. What counts are the
// ratios; each is the median of those of the single rounds, so that a busy machine disturbs both sides alike.
import {
  buildQuickJs,
  buildStarlingMonkey,
  inputs,
} from '../packages/kami-host/src/component/metering/fixtures/engines.ts';
import {
  type Metering,
  meterComponent,
} from '../packages/kami-host/src/component/metering/fixtures/metered-component.ts';
import { meterWat } from '../packages/kami-host/src/component/metering/fixtures/metered-wat.ts';

const rounds = process.argv.includes('--quick') ? 15 : 41;
/** Rounds before those that count: V8 compiles what is hot. */
const warmUp = 15;
const forms = ['none', 'cached', 'direct'] as const satisfies readonly Metering[];

interface Row {
  readonly name: string;
  /** Unmetered, median. */
  readonly ms: number;
  /** To unmetered. */
  readonly cached: number;
  readonly direct: number;
}

/** Small programs as a compiler would emit them; the first calls itself all the time, which is the worst case. */
const compiled = {
  'compiled, calls only: fib(32)': [
    `(func $run (export "run") (param i32) (result i32)
      (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
        (then (local.get 0))
        (else (i32.add (call $run (i32.sub (local.get 0) (i32.const 1)))
                       (call $run (i32.sub (local.get 0) (i32.const 2)))))))`,
    32,
  ],
  'compiled, loop: sum of 10^7': [
    `(func (export "run") (param i32) (result i32) (local i32)
      (loop (local.set 1 (i32.add (local.get 1) (i32.mul (local.get 0) (local.get 0))))
        (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (local.get 1))`,
    10_000_000,
  ],
} as const;

const rows: Row[] = [];
for (const [engine, component] of [
  ['StarlingMonkey', await buildStarlingMonkey()],
  ['QuickJS', await buildQuickJs()],
] as const) {
  if (component === undefined) continue;
  const tools: { run: (input: string) => string }[] = [];
  for (const form of forms) tools.push((await meterComponent(component, form)).start());
  const work = (input: string, times: number) =>
    tools.map(({ run }) => () => {
      for (let left = times; left > 0; left--) run(input);
    });
  rows.push(compare(`${engine}, CPU: fib(22)`, work(inputs.fib(22), 1)));
  rows.push(compare(`${engine}, CPU: loop`, work(inputs.loop(100_000), 1)));
  rows.push(compare(`${engine}, CPU: sort`, work(inputs.sort(1_500), 1)));
  rows.push(compare(`${engine}, echo`, work(inputs.echo, 200)));
}
for (const [name, [wat, argument]] of Object.entries(compiled)) {
  const modules = await Promise.all(
    forms.map((form) => meterWat(`(module ${wat})`, form === 'none' ? undefined : form)),
  );
  rows.push(
    compare(
      name,
      modules.map((module) => () => void module.call('run', 1n << 60n, argument)),
    ),
  );
}
report(rows);

function compare(name: string, work: readonly (() => void)[]): Row {
  const times: number[][] = [];
  for (let round = 0; round < warmUp + rounds; round++) {
    const taken: number[] = [];
    // Each goes first in its turn.
    for (let step = 0; step < work.length; step++) {
      const index = (round + step) % work.length;
      const start = performance.now();
      work[index]?.();
      taken[index] = performance.now() - start;
    }
    if (round >= warmUp) times.push(taken);
  }
  const ratio = (index: number) => median(times.map((taken) => (taken[index] ?? 0) / (taken[0] ?? 1)));
  return { name, ms: median(times.map(([none]) => none ?? 0)), cached: ratio(1), direct: ratio(2) };
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function report(all: readonly Row[]): void {
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ metering: all }));
    return;
  }
  console.log(`${'metered to unmetered'.padEnd(32)}   unmetered    cached    direct`);
  for (const { name, ms, cached, direct } of all) {
    const cells = [`${ms.toFixed(2)} ms`, cached.toFixed(2), direct.toFixed(2)];
    console.log(name.padEnd(32) + cells.map((cell) => cell.padStart(10)).join(''));
  }
}
