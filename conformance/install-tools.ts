import path from 'node:path';
import { buildOnce } from '../bench/build-once.ts';
import { note } from '../bench/report/note.ts';
import { runTool } from '../bench/run-tool.ts';
import { type BuiltTool, scriptsIn } from './build-tools.ts';
import { builtDir, hostDist, kamiCommand } from './places.ts';

/**
 * Installs the tools as an operator would, with all that they ask for, in a data folder that is made anew whenever one
 * of them or KAMI itself has changed.
 * @returns the data folder
 */
export async function installTools(tools: readonly BuiltTool[]): Promise<string> {
  const dataDir = path.join(builtDir, 'data');
  await buildOnce(dataDir, [...scriptsIn(hostDist), ...tools.map(({ manifest }) => manifest)], async () => {
    for (const { folder } of tools) {
      note(`Installing ${path.basename(folder)}`);
      await runTool([process.execPath, kamiCommand, 'install', folder, '--yes'], {
        cwd: folder,
        env: { KAMI_DATA_DIR: dataDir },
      });
    }
  });
  return dataDir;
}
