import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KamiError } from '../errors/kami-error.ts';
import type { ToolId } from '../model/ids.ts';
import { sampleTool } from './fixtures/sample-tool.ts';
import { openRegistry, type Registry } from './open-registry.ts';
import { createSecretStore, type SecretStore } from './secret-store.ts';

const script = fileURLToPath(new URL('./fixtures/registry-process.mjs', import.meta.url));
const echo = 'dev.example.echo' as ToolId;
const other = 'dev.example.other' as ToolId;
const at = new Date('2026-01-02T03:04:05.678Z');

// Processes start slowly on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

let folder: string;
let registry: Registry;
let store: SecretStore;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kami-secrets-'));
  registry = await openRegistry(join(folder, 'home', 'registry.db'));
  for (const id of [echo, other]) registry.tools.insert(sampleTool(id));
  store = createSecretStore(registry);
});
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  registry.close();
  rmSync(folder, { recursive: true });
});

const start = (...words: readonly string[]) => {
  const [task = '', ...rest] = words;
  const child = spawn(process.execPath, [script, task, registry.path, ...rest], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
};
const content = () => readFileSync(store.path, 'utf8');
const refusal = (work: () => unknown): KamiError => {
  try {
    work();
  } catch (error) {
    return error as KamiError;
  }
  return expect.unreachable('it was done');
};

describe('a secret', () => {
  it('is kept for its tool in a file of this user only', () => {
    store.set(echo, 'TOKEN', 'sésame "1"\n$', at);
    store.set(other, 'TOKEN', 'another', at);
    store.set(echo, '__proto__', 'odd', at);
    expect(store.read(echo)).toEqual(
      new Map([
        ['TOKEN', 'sésame "1"\n$'],
        ['__proto__', 'odd'],
      ]),
    );
    expect(store.list(echo)).toEqual([
      { name: 'TOKEN', setAt: at.toISOString() },
      { name: '__proto__', setAt: at.toISOString() },
    ]);
    expect(store.path).toBe(join(dirname(registry.path), 'secrets.json'));
    expect(statSync(store.path).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(store.path)).mode & 0o777).toBe(0o700);
  });

  it('can be replaced and removed, and then is in no file any more', () => {
    store.set(echo, 'TOKEN', 'the-first-value', at);
    store.set(echo, 'TOKEN', 'the-second-value', at);
    expect(content()).not.toContain('the-first-value');
    expect([store.remove(echo, 'TOKEN'), store.remove(echo, 'TOKEN')]).toEqual([true, false]);
    expect(content()).not.toContain('the-second-value');
    expect(store.read(echo).size).toBe(0);
    expect(readdirSync(dirname(store.path)).filter((name) => name.startsWith('secrets'))).toEqual([
      'secrets.json',
    ]);
  });

  it('goes with its tool: a later tool of the same id does not get it', () => {
    store.set(echo, 'TOKEN', 'of-the-old-tool', at);
    registry.tools.delete(echo);
    registry.tools.insert(sampleTool(echo));
    expect([store.list(echo), store.read(echo).size]).toEqual([[], 0]);
    registry.secrets.put(other, 'X', at);
    store.sweep();
    expect(content()).not.toContain('of-the-old-tool');
  });

  it.each([
    ['1X', 'value'],
    ['A B', 'value'],
    ['', 'value'],
    ['TOKEN', ''],
    ['TOKEN', 'hush\0hush'],
    ['TOKEN', 'hush'.repeat(20_000)],
    ['TOKEN', 'hush\ud800'],
  ])('named %j of a wrong value is refused without saying it', (name, value) => {
    const error = refusal(() => store.set(echo, name, value, at));
    expect(error.code).toBe('KAMI_SECRET_INVALID');
    expect(JSON.stringify(error)).not.toContain('hush');
    expect([store.list(echo), existsSync(store.path)]).toEqual([[], false]);
  });

  it('can not be set for a tool that is not installed', () => {
    const error = refusal(() => store.set('dev.example.none' as ToolId, 'TOKEN', 'value', at));
    expect(error.code).toBe('KAMI_TOOL_NOT_FOUND');
    expect(existsSync(store.path)).toBe(false);
  });
});

describe('the file', () => {
  it.skipIf(process.platform === 'win32')('is not used while others may read it', () => {
    store.set(echo, 'TOKEN', 'value-of-it', at);
    for (const mode of [0o644, 0o640, 0o602]) {
      chmodSync(store.path, mode);
      expect(refusal(() => store.read(echo))).toMatchObject({
        code: 'KAMI_SECRET_STORE_UNSAFE',
        fix: expect.stringContaining(`chmod 600 ${store.path}`),
      });
    }
    chmodSync(store.path, 0o600);
    expect(store.read(echo).get('TOKEN')).toBe('value-of-it');
  });

  it.each([
    '{"tools": {"dev.example.echo": {"TOKEN": "hush',
    '[]',
    '{"tools":[]}',
    '{"tools":{"a":{"b":1}}}',
  ])('with the content %s is refused, unquoted and untouched', (text) => {
    store.set(echo, 'TOKEN', 'value', at);
    writeFileSync(store.path, text);
    const error = refusal(() => store.read(echo));
    expect(error.code).toBe('KAMI_FILE_UNREADABLE');
    expect(`${error.message} ${error.fix} ${String(error.cause)}`).not.toContain('hush');
    expect(refusal(() => store.set(echo, 'B', 'value', at)).code).toBe('KAMI_FILE_UNREADABLE');
    expect(store.list(echo).map(({ name }) => name)).toEqual(['TOKEN']);
    expect(content()).toBe(text);
  });

  it('loses no secret to another process', async () => {
    const ended = ['A', 'B'].map((name) => once(start('secret', echo, name, '30'), 'exit'));
    expect(await Promise.all(ended)).toEqual([
      [0, null],
      [0, null],
    ]);
    expect(store.read(echo).size).toBe(60);
  });

  it('is whole after a kill at any moment, and nothing is left beside it', async () => {
    for (let round = 0; round < 6; round += 1) {
      const child = start('secret', echo, `R${round}`, '100000');
      await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 40));
      child.kill('SIGKILL');
      await once(child, 'exit');
      const names = store.list(echo).map(({ name }) => name);
      expect([...store.read(echo).keys()]).toEqual(names);
      expect(names.length).toBeGreaterThan(round);
    }
    store.set(echo, 'LAST', 'value', at);
    const files = readdirSync(dirname(store.path)).filter((name) => name.startsWith('secrets'));
    expect(files).toEqual(['secrets.json']);
  });
});
