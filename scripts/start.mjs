// npm start: from a fresh clone to a tool that answers an MCP client.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pinnedNode, repositoryEnv, run, step, toolCommand } from './lib/commands.mjs';
import { setUp } from './lib/setup.mjs';
import { root } from './lib/workspace.mjs';

await setUp();
const env = repositoryEnv();
const built = await step('Building', [...toolCommand('turbo'), 'run', 'build', '--output-logs=errors-only'], {
  env,
});
const demo = path.join(root, 'scripts/demo.ts');
if (built !== 0) {
  process.exitCode = built;
} else if (!existsSync(demo)) {
  console.error('scripts/demo.ts is missing: there is nothing to show yet.');
  process.exitCode = 1;
} else {
  process.exitCode = (await run([pinnedNode, demo], { env })).code;
}
