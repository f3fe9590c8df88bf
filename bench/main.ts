// npm run bench [-- --only NAME] [--quick] [--json] [--list]: see docs/BENCHMARKS.md.

import { buildEverything } from './build-everything.ts';
import { cleanUp, cleanUpOnSignals } from './cleanup.ts';
import type { Measure } from './measures/measure.ts';
import { allMeasures } from './measures/measures.ts';
import { type Options, parseOptions, UsageError } from './options.ts';
import { note } from './report/note.ts';

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

async function main(options: Options): Promise<number> {
  if (options.list) {
    for (const { name, title } of allMeasures) console.log(`${name.padEnd(12)}${title}`);
    return 0;
  }
  const chosen = choose(options.only);
  await buildEverything();
  // Not before: it loads kami-host, and what is loaded must be what has just been built.
  const { measureAll } = await import('./measure-all.ts');
  const { report, failures } = await measureAll(chosen, options.quick);
  const files = report.write();
  console.log(options.json ? JSON.stringify(report.json, undefined, 2) : report.text);
  note(`Written: ${files.join(', ')}`);
  return failures.length === 0 ? 0 : 1;
}

/** @throws UsageError for a name that no benchmark has */
function choose(only: readonly string[]): readonly Measure[] {
  const unknown = only.filter((name) => !allMeasures.some((measure) => measure.name === name));
  if (unknown.length > 0) {
    const names = allMeasures.map(({ name }) => name).join(', ');
    throw new UsageError(`No benchmark is called ${unknown.join(', ')}. There are: ${names}`);
  }
  return only.length === 0 ? allMeasures : allMeasures.filter(({ name }) => only.includes(name));
}
