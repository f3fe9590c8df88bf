// npm test: build, check and every test of every package; the last line says what it came to.
import { rmSync } from 'node:fs';
import path from 'node:path';
import { repositoryEnv, run, step, toolCommand } from './lib/commands.mjs';
import { countsLine, readResult, sumResults } from './lib/results.mjs';
import { setUp } from './lib/setup.mjs';
import { listWorkspaces, root } from './lib/workspace.mjs';

const reportFile = 'test-results/vitest.json';
const failure = (/** @type {string} */ problem) => ({
  passed: 0,
  failed: 1,
  skipped: 0,
  problems: [problem],
});

await setUp();
const env = repositoryEnv();
const turbo = [...toolCommand('turbo'), 'run'];
const suites = [
  { name: 'scripts and documents', report: path.join(root, reportFile) },
  ...listWorkspaces()
    .filter(({ manifest }) => manifest.scripts?.test !== undefined)
    .map(({ name, dir }) => ({ name, report: path.join(dir, reportFile) })),
];
const results = [];

if ((await step('Building', [...turbo, 'build', '--output-logs=errors-only'], { env })) !== 0) {
  results.push(failure('build failed'));
} else {
  const check = [...turbo, 'check', '//#check:root', '--continue', '--output-logs=errors-only'];
  if ((await step('Checking types, lint, floors and leftovers', check, { env })) !== 0) {
    results.push(failure('check failed'));
  }
  // A report from an earlier run must never stand for this one; turbo brings back those of unchanged packages.
  for (const { report } of suites) rmSync(report, { force: true });
  const test = ['test', '//#test:root', '--continue', '--concurrency=2', '--output-logs=new-only'];
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
  const { code } = await run([...turbo, ...test, '--', ...reporters], { env });
  console.log();
  for (const { name, report } of suites) {
    const result = readResult(name, report);
    results.push(result);
    console.log(`${name}: ${countsLine(result)}`);
  }
  if (code !== 0 && results.every(({ failed }) => failed === 0)) {
    results.push(failure('the test run failed; its reason is above'));
  }
}

const total = sumResults(results);
if (total.problems.length > 0) console.log(`\nFailed:\n  ${total.problems.join('\n  ')}`);
console.log(`\n${countsLine(total)}`);
process.exitCode = total.failed === 0 ? 0 : 1;
