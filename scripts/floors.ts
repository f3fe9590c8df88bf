// node scripts/floors.ts [folder]: holds the import law of .dependency-cruiser.cjs. Exit code 1 when it is broken.
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import path from 'node:path';
import { root } from './lib/workspace.mjs';

// TypeScript 7 has no compiler API, and without one dependency-cruiser reads no .ts file at all.
// It alone gets the last TypeScript that has one.
registerHooks({
  resolve(specifier, context, next) {
    const meant =
      /^typescript($|\/)/.test(specifier) &&
      context.parentURL?.includes('/node_modules/dependency-cruiser/') === true;
    return next(meant ? specifier.replace('typescript', 'typescript-compiler-api') : specifier, context);
  },
});
const { cruise } = await import('dependency-cruiser');
const { default: extractOptions } = await import('dependency-cruiser/config-utl/extract-depcruise-options');

const base = path.resolve(process.argv[2] ?? root);
const options = await extractOptions(path.join(root, '.dependency-cruiser.cjs'));
const folders = ['packages', 'examples', 'bench', 'conformance'].filter((folder) =>
  existsSync(path.join(base, folder)),
);
const { output } = await cruise(folders, { ...options, baseDir: base });
if (typeof output === 'string') throw new Error('dependency-cruiser answered with a report instead of data');

const { violations, totalCruised } = output.summary;
const sources = output.modules.filter(({ source }) => /\/src\/.*\.ts$/.test(source)).length;
if (sources === 0) {
  console.error(`Read no TypeScript source under ${base}: the floors were not checked.`);
  process.exitCode = 1;
}
for (const { from, to, rule, cycle } of violations) {
  const way = cycle === undefined ? `${from} → ${to}` : [from, ...cycle.map(({ name }) => name)].join(' → ');
  const comment = output.summary.ruleSetUsed?.forbidden?.find(({ name }) => name === rule.name)?.comment;
  console.error(`${rule.name}: ${way}\n  ${comment ?? ''}`);
  process.exitCode = 1;
}
if (process.exitCode === undefined) console.log(`Floors hold: ${sources} sources, ${totalCruised} modules.`);
