import { expect, it } from 'vitest';
import { answer, buildWatTool } from '../../test/fixtures/wat-component.ts';
import { buildStarlingMonkey } from './metering/fixtures/engines.ts';
import { takeApart } from './take-apart.ts';

const withClock = {
  imports: '(import "wasi:clocks/monotonic-clock@0.2.0" "now" (func $now (result i64)))',
  world: 'import wasi:clocks/monotonic-clock@0.2.0;',
  packages: 'package wasi:clocks@0.2.0 { interface monotonic-clock { now: func() -> u64; } }',
  run: `(drop (call $now)) ${answer()}`,
};

// The forms are those of one version of the transpiler: with another this fails before anybody finds calls slow.
it.each([
  ['a hand-written component', () => buildWatTool(withClock)],
  ['an engine of JavaScript', buildStarlingMonkey],
])('the glue of %s reads the clock directly, and no variable of the process', async (_what, build) => {
  const { glue } = await takeApart(await build(), 'test');
  const source = Buffer.from(glue).toString('utf8');
  expect(source).toMatch(/now: kamiClock\b/);
  expect(source).not.toMatch(/process\??\.env/);
  expect(source).not.toMatch(/^[ \t]|\n\n/m);
  expect(source.match(/^_debugLog\('\[iface=/gm) ?? []).toHaveLength(0);
});
