import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const script = join(import.meta.dirname, 'fixtures', 'log-and-exit.ts');

interface Output {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...args: string[]): Promise<Output> {
  const options = { maxBuffer: 64 * 1024 * 1024, env: { ...process.env, FORCE_COLOR: '1' } };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [script, ...args], options, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, stderr });
    });
  });
}

test('plain: one readable line each, on stderr, without colour where there is no terminal', async () => {
  const { code, stdout, stderr } = await run('info', 'plain');
  expect(code).toBe(7);
  expect(stdout).toBe('');
  const lines = stderr.trimEnd().split('\n');
  expect(lines.every((line) => /^\d\d:\d\d:\d\d (info|warn|error) /.test(line))).toBe(true);
  expect(lines.map((line) => line.slice(9))).toEqual([
    'info  100%s %d ok',
    'warn  slow tool tool=com.example.echo ms=12 note="two words" empty=""',
    'error failed err="no \\"x\\" here"',
    'info  guest said red fake line <U+202E>evil call=7 k=v',
    'info  last',
  ]);
});

test('json: one object a line, with the message unchanged', async () => {
  const { stdout, stderr } = await run('debug', 'json');
  expect(stdout).toBe('');
  const lines = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.map(({ level }) => level)).toEqual([20, 30, 40, 50, 30, 30]);
  expect(lines[2]).toMatchObject({ msg: 'slow tool', tool: 'com.example.echo', ms: 12 });
  expect(lines[3]).toMatchObject({ err: { type: 'TypeError', message: 'no "x"\nhere' } });
  expect(lines[4]).toMatchObject({ call: 7, msg: expect.stringContaining('\u001b[31m') });
  expect(lines[0]).not.toHaveProperty('hostname');
});

test.each([
  ['trace', 7],
  ['warn', 2],
  ['silent', 0],
])('level %s lets %i lines through', async (level, count) => {
  const { stderr } = await run(level, 'plain');
  expect(stderr.split('\n').filter((line) => line !== '')).toHaveLength(count);
});

test('nothing is lost when the process exits right behind the last line', async () => {
  const { stderr } = await run('info', 'plain', '3000');
  const lines = stderr.trimEnd().split('\n');
  expect(lines).toHaveLength(3_005);
  expect(lines.at(-1)).toMatch(/last$/);
});

test('a reader that goes away does not end the process', async () => {
  const child = spawn(process.execPath, [script, 'info', 'plain', '3000'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr.once('data', () => child.stderr.destroy());
  const code = await new Promise((resolve) => child.once('exit', resolve));
  expect(code).toBe(7);
});
