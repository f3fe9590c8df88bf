import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { readJson, root } from './workspace.mjs';

/** The Node binary that the repository pins, absolute. */
export const pinnedNode = path.join(
  root,
  'node_modules/node/bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
);

/** How npm is started: through its script, so that no shell is needed on any platform. */
export function npmCommand() {
  const beside = path.join(path.dirname(process.execPath), 'node_modules/npm/bin/npm-cli.js');
  const script = [process.env.npm_execpath, beside].find((file) => file?.endsWith('.js') && existsSync(file));
  return script === undefined ? ['npm'] : [process.execPath, script];
}

/** The environment of everything that runs inside the repository: its own Node and its own tools first. */
export function repositoryEnv() {
  const pathKey = Object.keys(process.env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH';
  const first = [path.dirname(pinnedNode), path.join(root, 'node_modules/.bin')];
  return {
    ...process.env,
    [pathKey]: [...first, process.env[pathKey] ?? ''].join(path.delimiter),
    TURBO_TELEMETRY_DISABLED: '1',
    DO_NOT_TRACK: '1',
  };
}

/**
 * The command line that starts one of the tools in the root package.json by its bin name.
 *
 * @param {string} name such as `turbo`
 * @returns {string[]}
 */
export function toolCommand(name) {
  if (name === 'node') return [pinnedNode];
  for (const dependency of Object.keys(readJson(path.join(root, 'package.json')).devDependencies)) {
    const dir = path.join(root, 'node_modules', dependency);
    if (!existsSync(path.join(dir, 'package.json'))) continue;
    const manifest = readJson(path.join(dir, 'package.json'));
    const bins = typeof manifest.bin === 'string' ? { [manifest.name]: manifest.bin } : (manifest.bin ?? {});
    if (bins[name] !== undefined) return [pinnedNode, path.join(dir, bins[name])];
  }
  throw new Error(`No package in devDependencies of package.json brings the command "${name}".`);
}

/**
 * Runs a command to its end.
 *
 * @param {string[]} command
 * @param {{ env?: NodeJS.ProcessEnv, quiet?: boolean }} [options] `quiet`: keep the output and hand it back
 * @returns {Promise<{ code: number, output: string }>}
 */
export function run([file, ...args], { env = process.env, quiet = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(/** @type {string} */ (file), args, {
      cwd: root,
      env,
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    });
    let output = '';
    const keep = (/** @type {Buffer} */ chunk) => {
      output += chunk;
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    // The terminal sends Ctrl-C to the child as well: wait for it to end rather than leave it behind.
    const wait = () => {};
    process.on('SIGINT', wait);
    const done = (/** @type {number} */ code) => {
      process.off('SIGINT', wait);
      resolve({ code, output });
    };
    child.on('error', (error) => {
      output += `${error.message}\n`;
      if (!quiet) console.error(error.message);
      done(1);
    });
    child.on('close', (code, signal) => done(code ?? (signal === 'SIGINT' ? 130 : 1)));
  });
}

/**
 * Runs a quiet command and shows that it is being worked on; its output appears only when it fails.
 *
 * @param {string} title such as `Building`
 * @param {string[]} command
 * @param {{ env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<number>} the exit code
 */
export async function step(title, command, options = {}) {
  const start = Date.now();
  const seconds = () => `${Math.round((Date.now() - start) / 1000)} s`;
  const live = process.stderr.isTTY === true;
  process.stderr.write(live ? `${title} …` : `${title} …\n`);
  const tick = setInterval(
    () => process.stderr.write(live ? `\r${title} … ${seconds()}` : `  … ${seconds()}\n`),
    live ? 1_000 : 10_000,
  );
  const { code, output } = await run(command, { ...options, quiet: true });
  clearInterval(tick);
  const verdict = code === 0 ? 'done' : 'failed';
  process.stderr.write(`${live ? '\r' : ''}${title} ${verdict} in ${seconds()}\n`);
  if (code !== 0) process.stderr.write(`\n${output}\n`);
  return code;
}
