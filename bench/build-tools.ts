// Builds the tools that are measured, as an author would: `kami build`.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { kamiCommand, toolsDir } from './places.ts';

for (const name of readdirSync(toolsDir)) {
  const folder = path.join(toolsDir, name);
  const { status } = spawnSync(process.execPath, [kamiCommand, 'build', folder], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
