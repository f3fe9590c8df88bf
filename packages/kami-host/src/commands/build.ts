import { resolve } from 'node:path';
import type { BuildStep } from 'kami-guest/build';
import { assetsFolder } from '../registry/asset-tree.ts';
import type { Step } from '../terminal/reporter.ts';
import { buildPackage } from './build-package.ts';
import { defineCommand } from './command.ts';

const stepLabels: Record<BuildStep, string> = {
  bundle: 'Bundling',
  'type-check': 'Checking types',
  componentize: 'Componentizing',
  write: 'Writing the component',
};

export const build = defineCommand({
  builder: (yargs) =>
    yargs
      .positional('directory', { type: 'string', default: '.', describe: 'Folder with the tool.toml' })
      .option('type-check', { type: 'boolean', default: true, describe: 'Check types with TypeScript' })
      .example('$0 build', 'build the tool in this folder')
      .example('$0 build ./my-tool --json', 'report as JSON: file, size, hash, what went in'),

  async run({ directory, typeCheck }, context) {
    let running: Step | undefined;
    const next = (label: string | undefined) => {
      running?.done();
      running = label === undefined ? undefined : context.reporter.step(label);
    };
    const start = performance.now();
    try {
      const built = await buildPackage({
        projectDir: resolve(directory),
        config: context.config.values,
        typeCheck,
        onStep: (step) => next(step === 'describe' ? 'Asking the component what it is' : stepLabels[step]),
      });
      next(undefined);
      const durationMs = Math.round(performance.now() - start);
      const { manifest, outFile, sha256, size, assets, unchanged, warnings } = built;
      if (context.json) {
        context.print(`${JSON.stringify({ ...built, durationMs })}\n`);
        return 0;
      }
      for (const warning of warnings) context.reporter.note(warning);
      context.print(
        `${unchanged ? 'Up to date:' : 'Built'} ${manifest.id} ${manifest.version}\n` +
          `  ${outFile}\n  ${(size / 1024 / 1024).toFixed(1)} MB, SHA-256 ${sha256}\n` +
          (assets === null
            ? ''
            : `  ${assetsFolder}: ${assets.files} ${assets.files === 1 ? 'file' : 'files'}, ${assets.size} bytes\n`) +
          `Install it: kami install ${directory}\n`,
      );
      return 0;
    } catch (error) {
      running?.failed();
      throw error;
    }
  },
});
