import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BuildError } from './build-error.ts';
import { type Diagnostic, withFrame } from './diagnostic.ts';
import { findPackage } from './find-package.ts';
import { projectPath } from './source-positions.ts';

export type TypeChecked = 'checked' | `skipped: ${string}`;

/**
 * Checks the types of a project with its own TypeScript, which remembers in `cacheDir` what it has checked.
 * @throws BuildError `type-check` with one diagnostic for every type error
 */
export async function typeCheck(projectDir: string, cacheDir: string): Promise<TypeChecked> {
  const tsconfig = join(projectDir, 'tsconfig.json');
  if (!existsSync(tsconfig)) return 'skipped: the project has no tsconfig.json';
  const typescript = findPackage('typescript', projectDir);
  const tsc = typescript?.bin.tsc;
  if (typescript === undefined || tsc === undefined)
    return 'skipped: the package typescript is not installed';

  const project = createHash('sha256').update(projectDir).digest('hex').slice(0, 16);
  const { exitCode, output } = await run(projectDir, [
    join(typescript.dir, tsc),
    ...['--noEmit', '--pretty', 'false', '-p', tsconfig],
    ...['--incremental', '--tsBuildInfoFile', join(cacheDir, `${project}.tsbuildinfo`)],
  ]);
  if (exitCode === 0) return 'checked';
  const diagnostics = parseTscOutput(projectDir, output);
  const [first] = diagnostics;
  throw new BuildError('type-check', {
    message:
      first === undefined
        ? `TypeScript failed: ${output.trim() || `it ended with exit code ${exitCode}`}`
        : `TypeScript found ${diagnostics.length === 1 ? 'an error' : `${diagnostics.length} errors`}, the first at ${first.file}:${first.line}: ${first.message}`,
    fix: first === undefined ? 'Run npx tsc --noEmit to see more.' : `Correct ${first.file}:${first.line}.`,
    diagnostics,
  });
}

function run(
  cwd: string,
  args: readonly string[],
): Promise<{ readonly exitCode: number | null; readonly output: string }> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk: string): void => {
      output += chunk;
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    child.on('error', fail);
    child.on('close', (exitCode) => done({ exitCode, output }));
  });
}

const located = /^(.+)\((\d+),(\d+)\): (error|warning) (TS\d+): (.*)$/;
const global = /^(error|warning) (TS\d+): (.*)$/;

/** What `tsc --pretty false` prints, as diagnostics. An indented line goes on with the message before it. */
export function parseTscOutput(projectDir: string, output: string): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const line of output.split(/\r?\n/)) {
    const [, file, row, column, severity, code, message] = located.exec(line) ?? [];
    const [, globalSeverity, globalCode, globalMessage] = global.exec(line) ?? [];
    const last = found.at(-1);
    if (file !== undefined && message !== undefined && code !== undefined) {
      const place = {
        file: projectPath(projectDir, resolve(projectDir, file)),
        line: Number(row),
        column: Number(column),
      };
      found.push({ ...place, message, code, severity: severity as Diagnostic['severity'] });
    } else if (globalMessage !== undefined && globalCode !== undefined) {
      const place = { file: 'tsconfig.json', line: 0, column: 0 };
      found.push({
        ...place,
        message: globalMessage,
        code: globalCode,
        severity: globalSeverity as Diagnostic['severity'],
      });
    } else if (last !== undefined && /^\s+\S/.test(line)) {
      found[found.length - 1] = { ...last, message: `${last.message}\n${line}` };
    }
  }
  return found.map((diagnostic) => withFrame(projectDir, diagnostic));
}
