// node scripts/run.mjs <tool> [arguments]: sets the repository up, then runs one of its tools.
import { repositoryEnv, run, toolCommand } from './lib/commands.mjs';
import { setUp } from './lib/setup.mjs';

const [tool, ...args] = process.argv.slice(2);
if (tool === undefined) {
  console.error(
    'Usage: node scripts/run.mjs <tool> [arguments], for instance: node scripts/run.mjs vitest run scripts',
  );
  process.exit(2);
}
await setUp();
process.exitCode = (await run([...toolCommand(tool), ...args], { env: repositoryEnv() })).code;
