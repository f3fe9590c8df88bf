import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { atEnd } from '../bench/cleanup.ts';
import { suitePackage } from './places.ts';
import type { Requirements } from './requirements.ts';

/** A check of the suite that did not hold. */
export interface FailedCheck {
  readonly id: string;
  readonly message: string;
}

export interface ScenarioResult {
  readonly scenario: string;
  readonly passed: number;
  readonly failed: readonly FailedCheck[];
}

interface Check {
  readonly id: string;
  readonly status: string;
  readonly errorMessage?: string;
}

/**
 * Runs scenarios of a revision against a server, each as that revision speaks.
 * @throws Error with the suite's output when a scenario left no result
 */
export async function runSuite(
  url: string,
  { revision, scored, unscored }: Requirements,
  only: readonly string[],
): Promise<readonly ScenarioResult[]> {
  const all = [...scored, ...unscored.keys()];
  const results = mkdtempSync(path.join(tmpdir(), 'kami-conformance-'));
  atEnd(() => rmSync(results, { recursive: true, force: true }));
  let output = '';
  if (only.length === 0) output = await run(['--requirements', revision]);
  const chosen = all.filter((scenario) => only.includes(scenario));
  for (const scenario of chosen) {
    output += await run(['--scenario', scenario, '--spec-version', revision, '--force']);
  }
  return (only.length === 0 ? all : chosen).map((scenario) => readResult(scenario));

  /** Its exit code says less than what it writes about each scenario. */
  async function run(what: readonly string[]): Promise<string> {
    const suite = path.join(suitePackage, 'dist/index.js');
    const args = [suite, 'server', '--url', url, '--output-dir', results, ...what];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const forget = atEnd(() => void child.kill());
    const said: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk));
    await once(child, 'close');
    forget();
    return Buffer.concat(said).toString('utf8');
  }

  function readResult(scenario: string): ScenarioResult {
    const form = new RegExp(`^server-${scenario}-\\d{4}-`);
    const folder = readdirSync(results).find((name) => form.test(name));
    if (folder === undefined) throw new Error(`The suite left no result of ${scenario}:\n${output}`);
    const checks = JSON.parse(readFileSync(path.join(results, folder, 'checks.json'), 'utf8')) as Check[];
    const failed = checks.filter(({ status }) => status === 'FAILURE');
    return {
      scenario,
      passed: checks.filter(({ status }) => status === 'SUCCESS').length,
      failed: failed.map(({ id, errorMessage = '' }) => ({ id, message: errorMessage })),
    };
  }
}
