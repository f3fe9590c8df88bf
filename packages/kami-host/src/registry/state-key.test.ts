import { execFile } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readStateKey } from './state-key.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kami-key-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const registry = () => ({ path: join(folder, 'data', 'registry.db') });
const file = () => join(folder, 'data', 'request-state.key');

it('is 32 bytes, made once, and readable by its user only', () => {
  const key = readStateKey(registry());
  expect(key).toHaveLength(32);
  expect(Buffer.compare(readStateKey(registry()), key)).toBe(0);
  expect(readdirSync(join(folder, 'data'))).toEqual(['request-state.key']);
  if (process.platform !== 'win32') expect(statSync(file()).mode & 0o777).toBe(0o600);
});

it('is made anew when it is cut or empty', () => {
  const key = readStateKey(registry());
  for (const damage of [() => truncateSync(file(), 7), () => writeFileSync(file(), '')]) {
    damage();
    const made = readStateKey(registry());
    expect(made).toHaveLength(32);
    expect(Buffer.compare(made, key)).not.toBe(0);
  }
});

it('is the same for processes that ask for it at the same moment', async () => {
  const module = new URL('./state-key.ts', import.meta.url).href;
  const script = `import(${JSON.stringify(module)}).then(({ readStateKey }) =>
    process.stdout.write(Buffer.from(readStateKey(${JSON.stringify(registry())})).toString('hex')))`;
  const run = () => promisify(execFile)(process.execPath, ['-e', script]);
  const keys = (await Promise.all(Array.from({ length: 6 }, run))).map(({ stdout }) => stdout);
  expect(new Set(keys)).toEqual(new Set([readFileSync(file()).toString('hex')]));
});
