import { readFileSync } from 'node:fs';
import type { Requirements } from './requirements.ts';
import type { ScenarioResult } from './run-suite.ts';

/** Scored scenarios that are known to fail, and why; by revision. */
type Baseline = Readonly<Record<string, Readonly<Record<string, string>>>>;

const baseline = JSON.parse(readFileSync(new URL('baseline.json', import.meta.url), 'utf8')) as Baseline;

export const verdicts = ['passed', 'known', 'regression', 'stale', 'unscored'] as const;

/**
 * `known`: fails, and the baseline says why; `regression`: fails, and should not; `stale`: passes, though the baseline
 * says that it does not; `unscored`: does not count.
 */
export type Verdict = (typeof verdicts)[number];

export interface JudgedScenario extends ScenarioResult {
  readonly revision: string;
  readonly verdict: Verdict;
  /** Why it fails, or why it does not count. */
  readonly reason: string | undefined;
}

export function judge({ revision, unscored }: Requirements, result: ScenarioResult): JudgedScenario {
  const known = baseline[revision]?.[result.scenario];
  const notScored = unscored.get(result.scenario);
  return { revision, ...result, verdict: verdictOf(), reason: notScored ?? known };

  function verdictOf(): Verdict {
    if (notScored !== undefined) return 'unscored';
    if (result.failed.length === 0) return known === undefined ? 'passed' : 'stale';
    return known === undefined ? 'regression' : 'known';
  }
}

/** Whether something is to be done: in KAMI, or in the baseline. */
export function isWrong({ verdict }: JudgedScenario): boolean {
  return verdict === 'regression' || verdict === 'stale';
}
