import { type JudgedScenario, type Verdict, verdicts } from './verdict.ts';

const words: Readonly<Record<Verdict, string>> = {
  passed: 'passed',
  known: 'fails, as known',
  regression: 'FAILS',
  stale: 'PASSES, though baseline.json says that it fails',
  unscored: 'not scored',
};

/** All scenarios as a table, and what failed below. */
export function reportText(results: readonly JudgedScenario[]): string {
  const width = Math.max(...results.map(({ scenario }) => scenario.length));
  return [...Map.groupBy(results, ({ revision }) => revision)]
    .flatMap(([revision, scenarios]) => [
      `${revision}: ${summary(scenarios)}`,
      ...scenarios.flatMap((one) => linesOf(one, width)),
      '',
    ])
    .join('\n');
}

function summary(scenarios: readonly JudgedScenario[]): string {
  const scored = scenarios.filter(({ verdict }) => verdict !== 'unscored');
  const passing = scored.filter(({ failed }) => failed.length === 0);
  return `${passing.length} of ${scored.length} scored scenarios pass`;
}

function linesOf({ scenario, verdict, passed, failed, reason }: JudgedScenario, width: number): string[] {
  const checks = `${passed} of ${passed + failed.length} checks`.padEnd(16);
  const why = reason === undefined ? '' : `: ${reason}`;
  const details = verdict === 'regression' ? failed.map(({ id, message }) => `      ${id}: ${message}`) : [];
  return [`  ${scenario.padEnd(width)}  ${checks}  ${words[verdict]}${why}`, ...details];
}

/** For a script: the counts of each revision, and every scenario. */
export function reportJson(results: readonly JudgedScenario[]): object {
  const count = (scenarios: readonly JudgedScenario[]) =>
    verdicts.map((verdict) => [verdict, scenarios.filter((one) => one.verdict === verdict).length]);
  return {
    counts: Object.fromEntries(
      [...Map.groupBy(results, ({ revision }) => revision)].map(([revision, scenarios]) => [
        revision,
        Object.fromEntries(count(scenarios)),
      ]),
    ),
    scenarios: results,
  };
}
