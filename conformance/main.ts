// npm run conformance [-- --only SCENARIO] [--requirements REVISION] [--json]: see CONTRIBUTING.md.

import { cleanUp, cleanUpOnSignals } from '../bench/cleanup.ts';
import { note } from '../bench/report/note.ts';
import { runTool } from '../bench/run-tool.ts';
import { toolCommand } from '../scripts/lib/commands.mjs';
import { buildTools } from './build-tools.ts';
import { installSuite } from './install-suite.ts';
import { installTools } from './install-tools.ts';
import { type Options, parseOptions, UsageError } from './options.ts';
import { rootDir } from './places.ts';
import { reportJson, reportText } from './report.ts';
import { readRequirements } from './requirements.ts';
import { runSuite } from './run-suite.ts';
import { serve } from './serve.ts';
import { isWrong, type JudgedScenario, judge } from './verdict.ts';
import { warmUp } from './warm-up.ts';

cleanUpOnSignals();
try {
  process.exitCode = await main(parseOptions(process.argv.slice(2)));
} catch (error) {
  const isOurs = error instanceof Error && !(error instanceof UsageError);
  note(isOurs ? (error.stack ?? error.message) : error instanceof Error ? error.message : String(error));
  process.exitCode = error instanceof UsageError ? 2 : 1;
} finally {
  await cleanUp();
}

async function main({ only, requirements, json }: Options): Promise<number> {
  await installSuite();
  const sets = requirements.map(readRequirements);
  const all = new Set(sets.flatMap(({ scored, unscored }) => [...scored, ...unscored.keys()]));
  const unknown = only.filter((scenario) => !all.has(scenario));
  if (unknown.length > 0) {
    throw new UsageError(`No scenario is called ${unknown.join(', ')}. There are: ${[...all].join(', ')}`);
  }
  note('Building KAMI');
  const turbo = toolCommand('turbo') as [string, ...string[]];
  await runTool([...turbo, 'run', 'build', '--filter=./packages/*'], { cwd: rootDir });
  const url = await serve(await installTools(await buildTools()));
  const results: JudgedScenario[] = [];
  for (const set of sets) {
    note(`Running the suite for ${set.revision}`);
    await warmUp(url);
    const found = await runSuite(url, set, only);
    results.push(...found.map((result) => judge(set, result)));
  }
  console.log(json ? JSON.stringify(reportJson(results), undefined, 2) : reportText(results));
  return results.some(isWrong) ? 1 : 0;
}
