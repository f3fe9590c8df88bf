import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { npmCommand } from '../scripts/lib/commands.mjs';
import { peersDir } from './places.ts';
import { note } from './report/note.ts';
import { runTool } from './run-tool.ts';

/** Installs what KAMI is measured against, when that has not been done yet. No install script runs. */
export async function installPeers(): Promise<void> {
  const lock = readFileSync(path.join(peersDir, 'package-lock.json'), 'utf8');
  const stamp = path.join(peersDir, 'node_modules/.installed-from');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  note('Installing the peers (once)');
  const [npm, ...args] = npmCommand() as [string, ...string[]];
  await runTool([npm, ...args, 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: peersDir,
    // `npm run --silent` is handed down, and would hide why it failed.
    env: { npm_config_loglevel: 'error' },
  });
  writeFileSync(stamp, lock);
}
