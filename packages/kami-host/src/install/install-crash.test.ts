import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Sha256, ToolId } from '../model/ids.ts';
import { createArtifactStore, type StagedArtifact } from '../registry/artifact-store.ts';
import type { InstalledTool } from '../registry/installed-tool.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { createWorkshop, fakeComponent, sha256, type Workshop } from './fixtures/workshop.ts';
import { type Cleanup, sweepUnused } from './install-deps.ts';
import { resolveSource } from './install-source.ts';
import { installTool } from './install-tool.ts';
import { uninstallTool } from './uninstall-tool.ts';

const script = fileURLToPath(new URL('./fixtures/install-process.mjs', import.meta.url));
const echo = 'dev.example.echo' as ToolId;

// Processes start slowly on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

let shop: Workshop;
beforeEach(async () => {
  shop = await createWorkshop();
});
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  shop.close();
});

function start(task: string, ...rest: readonly string[]) {
  const child = spawn(process.execPath, [script, task, shop.registry.path, ...rest], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return { child, output: text(child.stdout), ended: once(child, 'exit') };
}

/** Runs a task in a process of its own and gives the signal that ended it, or what it printed. */
async function run(task: string, ...rest: readonly string[]): Promise<unknown> {
  const { output, ended } = start(task, ...rest);
  const [code, signal] = await ended;
  return code === 0 ? await output : (signal ?? code);
}

/** Large enough that staging takes a moment. */
const component = (letter: string) => fakeComponent({ description: letter.repeat(1_000_000) });
const versions = { '1.0.0': component('a'), '2.0.0': component('b') } as const;

function writeVersion(version: keyof typeof versions): string {
  shop.write({ [`v${version}/assets/words/of-${version}`]: version });
  return shop.writePackage(`v${version}`, { version, component: versions[version] });
}

/** The installed tool, after checking that entry and bytes are of one version. */
async function consistentTool(): Promise<InstalledTool | undefined> {
  const tool = shop.registry.tools.find(echo);
  if (tool === undefined) return undefined;
  const bytes = versions[tool.version as keyof typeof versions];
  expect(tool.artifact).toEqual({ sha256: sha256(bytes), size: bytes.length });
  expect(tool.description).toBe(JSON.parse(Buffer.from(bytes).toString()).description);
  expect(Buffer.from(await shop.deps.store.read(tool.artifact.sha256, tool)).equals(bytes)).toBe(true);
  // A store of its own, because each looks at a tree only once.
  const { assets } = createArtifactStore(shop.registry);
  expect(tool.assets).toMatch(/^[0-9a-f]{64}$/);
  const words = join(assets.folder(tool.assets as Sha256, tool), 'words');
  expect(readdirSync(words)).toEqual([`of-${tool.version}`]);
  return tool;
}

function filesIn(folder: string): string[] {
  const path = join(shop.folder, 'home', folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [entry.name] : [],
  );
}

/** Goes through the life of the tool once more and checks that nothing is left of it. */
async function stillWorks(): Promise<void> {
  const source = await resolveSource(writeVersion('2.0.0'));
  await installTool(shop.deps, source);
  expect((await consistentTool())?.version).toBe('2.0.0');
  expect(filesIn('store').toSorted()).toEqual(['of-2.0.0', `${sha256(versions['2.0.0'])}.wasm`].toSorted());
  await uninstallTool(shop.deps, echo);
  expect([...filesIn('store'), ...filesIn('staging')]).toEqual([]);
  expect((await installTool(shop.deps, source)).status).toBe('installed');
}

describe('a process that is killed', () => {
  const untilCommit = [
    'before staging',
    'with the file staged',
    'with the file in place',
    'with the assets in place',
    'with the entry written',
  ];
  const afterCommit = ['before the sweep', 'after the sweep'];

  it.each(untilCommit)('in an installation %s leaves no tool', async (death) => {
    expect(await run('installAndDie', death, writeVersion('1.0.0'))).toBe('SIGKILL');
    expect(await consistentTool()).toBeUndefined();
    await sweepUnused(shop.deps);
    expect([...filesIn('store'), ...filesIn('staging')]).toEqual([]);
    await stillWorks();
  });

  it.each(untilCommit)('in an update %s leaves the old tool', async (death) => {
    await installTool(shop.deps, await resolveSource(writeVersion('1.0.0')));
    expect(await run('installAndDie', death, writeVersion('2.0.0'))).toBe('SIGKILL');
    expect((await consistentTool())?.version).toBe('1.0.0');
    await stillWorks();
  });

  it.each(afterCommit)('in an update %s leaves the new tool', async (death) => {
    await installTool(shop.deps, await resolveSource(writeVersion('1.0.0')));
    expect(await run('installAndDie', death, writeVersion('2.0.0'))).toBe('SIGKILL');
    expect((await consistentTool())?.version).toBe('2.0.0');
    await stillWorks();
  });

  it('in an uninstallation leaves a private folder to nobody', async () => {
    await installTool(shop.deps, await resolveSource(writeVersion('1.0.0')));
    mkdirSync(join(shop.folder, 'home', 'private', echo), { recursive: true });
    writeFileSync(join(shop.folder, 'home', 'private', echo, 'note'), '');
    expect(await run('uninstallAndDie', 'before the sweep', echo)).toBe('SIGKILL');
    expect(filesIn('private')).toEqual(['note']);
    expect(await run('installAndDie', 'before the sweep', writeVersion('1.0.0'))).toBe('SIGKILL');
    expect(existsSync(join(shop.folder, 'home', 'private', echo))).toBe(false);
    await sweepUnused(shop.deps);
    expect(readdirSync(join(shop.folder, 'home', 'private'))).toEqual([]);
  });

  it('in an uninstallation leaves the tool or nothing', async () => {
    await installTool(shop.deps, await resolveSource(writeVersion('1.0.0')));
    expect(await run('uninstallAndDie', 'with the entry written', echo)).toBe('SIGKILL');
    expect((await consistentTool())?.version).toBe('1.0.0');
    expect(await run('uninstallAndDie', 'before the sweep', echo)).toBe('SIGKILL');
    expect(await consistentTool()).toBeUndefined();
    await stillWorks();
  });

  it('at any moment leaves a whole tool', async () => {
    const sources = [writeVersion('1.0.0'), writeVersion('2.0.0')];
    await installTool(shop.deps, await resolveSource(writeVersion('1.0.0')));
    for (let round = 0; round < 15; round += 1) {
      const { child, ended } = start('endless', ...sources);
      await once(child.stdout, 'data');
      await delay(Math.random() * 120);
      child.kill('SIGKILL');
      await ended;
      expect(await consistentTool()).toBeDefined();
    }
    await stillWorks();
  });
});

describe('processes at the same moment', () => {
  it('can not sweep a file away before its entry is committed', async () => {
    const other = await openRegistry(shop.registry.path, { busyTimeoutMs: 20 });
    const { store, privateFolders } = shop.deps;
    const meddled: Promise<Cleanup>[] = [];
    const commit = (staged: StagedArtifact) => {
      store.commit(staged);
      meddled.push(sweepUnused({ registry: other, store, privateFolders }));
    };
    const source = await resolveSource(writeVersion('1.0.0'));
    await installTool({ ...shop.deps, store: { ...store, commit } }, source);
    expect(await Promise.all(meddled)).toEqual([
      { removedArtifacts: [], problems: [expect.stringContaining('is locked')] },
    ]);
    expect(await consistentTool()).toBeDefined();
    other.close();
  });

  it('install the same tool once', async () => {
    const source = writeVersion('1.0.0');
    const said = await Promise.all([1, 2, 3].map(() => run('install', source)));
    expect(said.toSorted()).toEqual(['installed\n', 'unchanged\n', 'unchanged\n']);
    expect((await consistentTool())?.version).toBe('1.0.0');
    expect(filesIn('staging')).toEqual([]);
  });

  it('install and replace different tools, and lose no artifact to each other’s sweep', async () => {
    const bytes = (letter: string) => fakeComponent({ description: letter.repeat(100_000) });
    const ids = ['dev.example.one', 'dev.example.two', 'dev.example.three'];
    const done = ids.map((id, index) => {
      const sources = ['x', 'y', `${index}`, 'x', 'y', `${index}`].map((letter, round) =>
        shop.writePackage(`${id}-${round}`, { id, version: `1.0.${round}`, component: bytes(letter) }),
      );
      return run('install', ...sources);
    });
    await Promise.all(done);
    expect(shop.registry.tools.ids()).toEqual(ids.toSorted());
    for (const tool of shop.registry.tools.findAll().tools) {
      const own = bytes(String(ids.indexOf(tool.id)));
      expect(Buffer.from(await shop.deps.store.read(tool.artifact.sha256)).equals(own)).toBe(true);
    }
    expect(filesIn('store')).toHaveLength(3);
    expect(filesIn('staging')).toEqual([]);
  });
});
