import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forkConfined, watchMemory } from './confined-process.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kami-test-confined-'));
  writeFileSync(join(folder, 'secret'), 'do not tell');
});
afterEach(() => rmSync(folder, { recursive: true }));

const args = () => [join(folder, 'secret'), join(folder, 'written')];

describe('a confined process', () => {
  it('holds nothing worth stealing and can do nothing', async () => {
    const child = forkConfined({
      module: 'process/fixtures/thief',
      args: args(),
      allowWorkers: false,
      heapMb: 128,
    });
    const [got] = await once(child, 'message');
    expect(got).toEqual([]);
    expect(existsSync(join(folder, 'written'))).toBe(false);
  });

  it('reads what it is let read, and starts threads only where it is let', async () => {
    const child = forkConfined({
      module: 'process/fixtures/thief',
      args: args(),
      readable: [folder],
      allowWorkers: true,
      heapMb: 128,
    });
    const [got] = await once(child, 'message');
    expect(got).toEqual(['read a file', 'start a thread']);
  });

  it('would be robbed of everything without its confinement', async () => {
    const module = fileURLToPath(new URL('./fixtures/thief.ts', import.meta.url));
    const child = fork(module, args(), { execArgv: [] });
    const [got] = await once(child, 'message');
    expect(got).toEqual([
      'environment',
      'read a file',
      'list a folder',
      'write a file',
      'start a program',
      'start a thread',
      'load native code',
    ]);
  });

  it.runIf(process.platform === 'linux')('is seen when it takes too much memory', async () => {
    const child = forkConfined({ module: 'process/fixtures/eater', allowWorkers: false, heapMb: 64 });
    const exit = once(child, 'exit');
    let seen = 0;
    watchMemory(child.pid ?? 0, {
      everyMs: 20,
      limitBytes: () => 300 * 1024 * 1024,
      onOver: () => {
        seen += 1;
        child.kill('SIGKILL');
      },
    });
    await exit;
    expect(seen).toBe(1);
  });
});
