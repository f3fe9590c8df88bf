import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseToolId } from '../model/ids.ts';
import { sampleTool } from './fixtures/sample-tool.ts';
import { openRegistry, type Registry } from './open-registry.ts';
import { createRegistryWatch, type RegistryWatch } from './registry-watch.ts';

let folder: string;
let registry: Registry;
/** What another process does, through a connection of its own. */
let other: Registry;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kami-watch-'));
  registry = await openRegistry(join(folder, 'registry.db'));
  other = await openRegistry(join(folder, 'registry.db'));
});
const watches: RegistryWatch[] = [];
afterEach(() => {
  for (const watch of watches.splice(0)) watch.close();
  registry.close();
  other.close();
  rmSync(folder, { recursive: true, force: true });
});

const never = 2 ** 31 - 1;
/** Somebody who counts, and the watch. */
function counting(target: Pick<Registry, 'path' | 'changeCounter'>, pollMs: number) {
  const watch = createRegistryWatch(target, { pollMs });
  watches.push(watch);
  const heard = { times: 0 };
  const end = watch.subscribe(() => {
    heard.times += 1;
  });
  return { watch, heard, end };
}
const until = (heard: { readonly times: number }, times: number) =>
  vi.waitFor(() => expect(heard.times).toBeGreaterThanOrEqual(times), { timeout: 20_000, interval: 10 });
const id = (index: number) => `dev.example.tool-${index}`;

describe('a change by another connection', () => {
  it('is told by the file system, and a burst of changes is told as few', async () => {
    const { heard } = counting(registry, never);
    for (let index = 0; index < 50; index++) other.tools.insert(sampleTool(id(index)));
    await until(heard, 1);
    expect(heard.times).toBeLessThan(25);
    const before = heard.times;
    other.tools.delete(id(0));
    await until(heard, before + 1);
  });

  it('is found by looking where the file system says nothing', async () => {
    const deaf = {
      path: join(folder, 'no-such-folder', 'registry.db'),
      changeCounter: () => registry.changeCounter(),
    };
    const { heard } = counting(deaf, 20);
    other.tools.insert(sampleTool(id(1)));
    await until(heard, 1);
  });

  it('is found after a time in which the counter could not be read', async () => {
    let fails = true;
    const flaky = {
      path: registry.path,
      changeCounter() {
        if (fails) throw new Error('locked');
        return registry.changeCounter();
      },
    };
    const { heard } = counting(flaky, 20);
    await sleep(100);
    expect(heard.times).toBe(0);
    fails = false;
    other.tools.insert(sampleTool(id(1)));
    await until(heard, 1);
  });
});

it('notes of uses, and files beside the registry, are no changes', async () => {
  other.tools.insert(sampleTool(id(1)));
  const { heard } = counting(registry, 20);
  other.grants.noteUse(parseToolId(id(1)), { kind: 'net', host: 'a.example' }, new Date());
  other.grants.flush();
  await sleep(400);
  expect(heard.times).toBe(0);
});

it('who has ended hears nothing; others go on, and the last one ends it all', async () => {
  const { watch, heard, end } = counting(registry, 20);
  const second = { times: 0 };
  const endSecond = watch.subscribe(() => {
    second.times += 1;
  });
  end();
  end();
  other.tools.insert(sampleTool(id(1)));
  await until(second, 1);
  expect(heard.times).toBe(0);
  endSecond();
  other.tools.insert(sampleTool(id(2)));
  const third = { times: 0 };
  watch.subscribe(() => {
    third.times += 1;
  });
  // It begins with what is there now.
  await sleep(200);
  expect(third.times).toBe(0);
  watch.close();
  other.tools.insert(sampleTool(id(3)));
  await sleep(200);
  expect([heard.times, second.times, third.times]).toEqual([0, 1, 0]);
});

it('keeps no process alive', async () => {
  const script = `
    const { openRegistry } = await import(${JSON.stringify(new URL('./open-registry.ts', import.meta.url).href)});
    const { createRegistryWatch } = await import(${JSON.stringify(new URL('./registry-watch.ts', import.meta.url).href)});
    createRegistryWatch(await openRegistry(process.argv[1])).subscribe(() => {});`;
  const child: ChildProcess = spawn(
    process.execPath,
    ['--experimental-strip-types', '--no-warnings', '--input-type=module', '-e', script, registry.path],
    { stdio: 'inherit' },
  );
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
});
