import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { npmCommand, pinnedNode, step } from './commands.mjs';
import { readJson, root } from './workspace.mjs';

const stampFile = path.join(root, 'node_modules/.kami-setup');

/**
 * Makes node_modules complete for the present package-lock.json. Silent when there is nothing to do.
 * Runs on any Node from 18 on: it is what brings the Node that all the rest needs.
 *
 * @returns {Promise<void>} ends the process with npm's exit code when the installation fails
 */
export async function setUp() {
  const stamp = currentStamp();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp && pinnedNodeRuns()) return;
  if (!installedAsLocked()) {
    const code = await step('Installing the dependencies (npm ci)', [
      ...npmCommand(),
      'ci',
      '--no-audit',
      '--no-fund',
    ]);
    if (code !== 0) {
      console.error("  fix: see npm's message above; then run the command again.");
      process.exit(code);
    }
  }
  if (!pinnedNodeRuns()) {
    console.error(
      `The Node that KAMI pins (${pinnedNodeVersion()}) was not installed or does not run here: ${pinnedNode}\n` +
        '  fix: delete node_modules and run the command again; install scripts must be allowed for the package "node".',
    );
    process.exit(1);
  }
  writeFileSync(stampFile, stamp);
}

function currentStamp() {
  const lock = readFileSync(path.join(root, 'package-lock.json'));
  return `${createHash('sha256').update(lock).digest('hex')} ${process.platform} ${process.arch}\n`;
}

function pinnedNodeVersion() {
  return readFileSync(path.join(root, '.node-version'), 'utf8').trim();
}

function pinnedNodeRuns() {
  try {
    const version = execFileSync(pinnedNode, ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return version.trim() === `v${pinnedNodeVersion()}`;
  } catch {
    return false;
  }
}

/** Whether somebody ran `npm install` or `npm ci` by hand, so that the work is done already. */
function installedAsLocked() {
  const hiddenLock = path.join(root, 'node_modules/.package-lock.json');
  if (!existsSync(hiddenLock) || !pinnedNodeRuns()) return false;
  const wanted = readJson(path.join(root, 'package-lock.json')).packages;
  const present = readJson(hiddenLock).packages;
  return Object.entries(wanted).every(
    ([place, { optional, version, link }]) =>
      optional === true ||
      !place.includes('node_modules/') ||
      (link === true ? present[place]?.link === true : present[place]?.version === version),
  );
}
