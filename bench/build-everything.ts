import { readdirSync } from 'node:fs';
import path from 'node:path';
import { build, stop } from 'esbuild';
import { toolCommand } from '../scripts/lib/commands.mjs';
import { installPeers } from './install-peers.ts';
import { builtServers, peersDir, rootDir } from './places.ts';
import { note } from './report/note.ts';
import { runTool } from './run-tool.ts';

/** Builds KAMI, the tools and the peers' servers; what is up to date stays. */
export async function buildEverything(): Promise<void> {
  note('Building KAMI and the tools');
  const turbo = toolCommand('turbo') as [string, ...string[]];
  await runTool([...turbo, 'run', 'bench-tools', '--filter=kami-bench'], { cwd: rootDir });
  await installPeers();
  await buildServers();
}

/** To JavaScript, as anybody would run it: Node's own stripping of types would cost the peers start-up time. */
async function buildServers(): Promise<void> {
  const servers = path.join(peersDir, 'servers');
  const sources = readdirSync(servers).filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'));
  const common = {
    entryPoints: sources.map((name) => path.join(servers, name)),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    logLevel: 'error',
  } as const;
  await build({ ...common, packages: 'external', outdir: builtServers });
  await build({
    ...common,
    entryPoints: [path.join(servers, 'sdk.ts')],
    minify: true,
    outfile: path.join(builtServers, 'sdk-bundled.js'),
  });
  // Its process would go on beside what is measured.
  await stop();
}
