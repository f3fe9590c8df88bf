import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { note } from '../bench/report/note.ts';
import { runTool } from '../bench/run-tool.ts';
import { npmCommand } from '../scripts/lib/commands.mjs';
import { suiteDir } from './places.ts';

/** Installs the suite, when that has not been done yet. No install script runs. */
export async function installSuite(): Promise<void> {
  const lock = readFileSync(path.join(suiteDir, 'package-lock.json'), 'utf8');
  const stamp = path.join(suiteDir, 'node_modules/.installed-from');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  note('Installing the conformance suite (once)');
  const [npm, ...args] = npmCommand() as [string, ...string[]];
  await runTool([npm, ...args, 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: suiteDir,
    // `npm run --silent` is handed down, and would hide why it failed.
    env: { npm_config_loglevel: 'error' },
  });
  writeFileSync(stamp, lock);
}
