// npm run soak [-- --seconds N] [--quick] [--json]: see docs/BENCHMARKS.md.

import { toolCommand } from '../scripts/lib/commands.mjs';
import { cleanUp, cleanUpOnSignals } from './cleanup.ts';
import { UsageError } from './options.ts';
import { kamiCommand, rootDir } from './places.ts';
import { note } from './report/note.ts';
import { runTool } from './run-tool.ts';
import { parseSoakOptions, type SoakOptions } from './soak/options.ts';
import { soakJson, soakText } from './soak/report.ts';
import { soak } from './soak/run.ts';
import { tools } from './soak/world.ts';

cleanUpOnSignals();
try {
  process.exitCode = await main(parseSoakOptions(process.argv.slice(2)));
} catch (error) {
  const isUsage = error instanceof UsageError;
  note(error instanceof Error ? (isUsage ? error.message : (error.stack ?? error.message)) : String(error));
  process.exitCode = isUsage ? 2 : 1;
} finally {
  await cleanUp();
}

async function main({ seconds, json }: SoakOptions): Promise<number> {
  note('Building KAMI and the tools');
  const turbo = toolCommand('turbo') as [string, ...string[]];
  await runTool([...turbo, 'run', 'bench-tools', '--filter=kami-bench'], { cwd: rootDir });
  await runTool([process.execPath, kamiCommand, 'build', tools.asking, '--no-type-check'], { cwd: rootDir });
  const run = await soak(seconds);
  console.log(json ? JSON.stringify(soakJson(run), undefined, 2) : soakText(run));
  return run.tally.violations.length === 0 ? 0 : 1;
}
