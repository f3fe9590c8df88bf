import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BuildError } from './build-error.ts';
import type { Bundle } from './bundle.ts';
import type { ComponentizeFailure, ComponentizeJob } from './componentize-child.ts';
import { worldOf } from './extras.ts';
import { bundleName } from './module-names.ts';
import { disabledFeatures, ownFile } from './toolchain.ts';

/** Either the component, or what went wrong inside componentize-js. */
export type Componentized =
  | { readonly component: Uint8Array; readonly failure?: undefined }
  | { readonly failure: ComponentizeFailure };

/**
 * Makes a component of a bundle; its top-level code runs, for at most `timeoutMs`.
 * @throws BuildError `componentize` when the process that does it ends without an answer
 */
export async function componentize(
  { code, extras }: Pick<Bundle, 'code' | 'extras'>,
  timeoutMs: number,
): Promise<Componentized> {
  const root = await mkdtemp(join(neutralTmpDir(), 'kami-'));
  // Side by side: componentize-js loses the bundle when its temporary folder lies in the working folder.
  const dir = join(root, 'job');
  const tmp = join(root, 'tmp');
  try {
    await Promise.all([mkdir(dir), mkdir(tmp)]);
    const job: ComponentizeJob = {
      ...{ bundleName, ...worldOf(extras) },
      disableFeatures: disabledFeatures,
      timeoutMs,
    };
    await Promise.all([
      writeFile(join(dir, bundleName), code),
      writeFile(join(dir, 'job.json'), JSON.stringify(job)),
    ]);
    const { exit, output } = await runChild(dir, tmp);
    const component = await readFile(join(dir, 'component.wasm')).catch(() => undefined);
    if (component !== undefined) return { component };
    const failure = await readFile(join(dir, 'failure.json'), 'utf8').catch(() => undefined);
    if (failure !== undefined) return { failure: JSON.parse(failure) as ComponentizeFailure };
    throw new BuildError('componentize', {
      message: `componentize-js ended without an answer (${exit}). ${output.trim()}`.trim(),
      fix: 'Build again; if it happens again, reinstall the packages: npm ci',
    });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** The path of the temporary folder ends up in the component: better one that names no user. */
function neutralTmpDir(): string {
  try {
    accessSync('/tmp', constants.W_OK);
    return '/tmp';
  } catch {
    return tmpdir();
  }
}

function runChild(dir: string, tmp: string): Promise<{ readonly exit: string; readonly output: string }> {
  return new Promise((done, fail) => {
    const { SystemRoot } = process.env;
    const child = spawn(process.execPath, [ownFile('./componentize-child')], {
      cwd: dir,
      // Nothing of the author's environment can get into a component.
      env: { TMPDIR: tmp, TEMP: tmp, TMP: tmp, ...(SystemRoot === undefined ? {} : { SystemRoot }) },
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    let output = '';
    const collect = (chunk: string): void => {
      output = `${output}${chunk}`.slice(-4_096);
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    child.on('error', fail);
    child.on('close', (code, signal) => done({ exit: signal ?? `exit code ${code}`, output }));
  });
}
