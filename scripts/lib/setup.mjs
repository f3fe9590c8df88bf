import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { npmCommand, pinnedNode, step } from './commands.mjs';
import { readJson, root } from './workspace.mjs';

const stampFile = path.join(root, 'node_modules/.kami-setup');
const installCommand = ['ci', '--no-audit', '--no-fund'];

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
    await npm('Installing the dependencies (npm ci)', installCommand);
  }
  const missing = missingPlatformPackages();
  if (missing.length > 0) {
    await npm(`Installing for ${process.platform} ${process.arch}: ${missing.join(', ')}`, [
      'install',
      '--no-save',
      '--no-audit',
      '--no-fund',
      ...missing,
    ]);
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

/**
 * @param {string} title
 * @param {string[]} args
 */
async function npm(title, args) {
  const code = await step(title, [...npmCommand(), ...args]);
  if (code === 0) return;
  console.error(`  fix: see npm's message above; then run the command again.`);
  process.exit(code);
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

/**
 * Binaries for this platform that the lock file does not list. npm locks the optional packages that the
 * registry offered when the lock file was written, and a registry need not carry every platform.
 */
function missingPlatformPackages() {
  const { platform, arch } = process;
  const suffixes = {
    turbo: `${platform === 'win32' ? 'windows' : platform}-${arch === 'x64' ? '64' : arch}`,
    '@biomejs/biome': `${platform}-${arch}`,
  };
  return Object.entries(suffixes).flatMap(([name, suffix]) => {
    const { optionalDependencies = {} } = readJson(path.join(root, 'node_modules', name, 'package.json'));
    return Object.entries(optionalDependencies)
      .filter(([optional]) => optional.endsWith(`/${suffix}`) || optional.endsWith(`/cli-${suffix}`))
      .filter(([optional]) => !existsSync(path.join(root, 'node_modules', optional)))
      .map(([optional, version]) => `${optional}@${version}`);
  });
}
