import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Sha256, ToolId } from '../model/ids.ts';
import { assetsFolder, readAssetTree } from '../registry/asset-tree.ts';
import { privateFolder } from '../registry/kami-folder.ts';
import { createWorkshop, fakeComponent, type PackageOptions, type Workshop } from './fixtures/workshop.ts';
import { sweepUnused } from './install-deps.ts';
import { resolveSource } from './install-source.ts';
import { installTool, planInstall } from './install-tool.ts';
import { uninstallTool } from './uninstall-tool.ts';

let shop: Workshop;
beforeEach(async () => {
  shop = await createWorkshop();
});
afterEach(() => shop.close());

const echo = 'dev.example.echo' as ToolId;
let count = 0;

/** Writes a package with assets and gives its source. */
async function pack(assets: Readonly<Record<string, string>>, options: PackageOptions = {}) {
  count += 1;
  const name = `pack-${count}`;
  const folder = shop.writePackage(name, options);
  for (const [path, content] of Object.entries(assets)) shop.write({ [`${name}/assets/${path}`]: content });
  return resolveSource(folder);
}

async function install(assets: Readonly<Record<string, string>>, options: PackageOptions = {}) {
  return installTool(shop.deps, await pack(assets, options));
}

const home = (...path: readonly string[]) => join(shop.folder, 'home', ...path);
const namesIn = (...path: readonly string[]) => (existsSync(home(...path)) ? readdirSync(home(...path)) : []);
const stored = () => namesIn('store', 'assets');
const privately = (id = echo) => privateFolder(shop.registry.path, id);

describe('installing a package with assets', () => {
  it('keeps them beside the component, and nothing else of the package', async () => {
    shop.write({ 'pack/assets/words/en.txt': 'hello', 'pack/assets/a': '', 'pack/README.md': 'not kept' });
    const source = await resolveSource(shop.writePackage('pack'));
    const { tool, changes } = await installTool(shop.deps, source);
    expect(changes).toEqual([]);
    const tree = readAssetTree(join(shop.folder, 'pack', assetsFolder));
    expect(tool.assets).toBe(tree?.sha256);
    expect(shop.registry.tools.find(echo)).toEqual(tool);
    const place = shop.deps.store.assets.folder(tool.assets as Sha256, tool);
    expect(readAssetTree(place)).toEqual(tree);
    expect(namesIn('staging')).toEqual([]);
  });

  it('works from its tool.toml too, and without assets keeps none', async () => {
    shop.write({ 'pack/assets/a': 'x' });
    const byFolder = await installTool(shop.deps, await resolveSource(shop.writePackage('pack')));
    const byManifest = await resolveSource(join(shop.folder, 'pack', 'tool.toml'));
    expect((await installTool(shop.deps, byManifest)).tool.assets).toBe(byFolder.tool.assets);
    const bare = await resolveSource(join(shop.folder, 'pack', 'tool.wasm'));
    expect((await installTool(shop.deps, bare)).tool.assets).toBeUndefined();
    expect((await install({}, { id: 'dev.example.none' })).tool.assets).toBeUndefined();
  });

  it('shares equal trees, and removes one with the last tool that has it', async () => {
    const first = await install({ a: 'x' });
    const second = await install({ a: 'x' }, { id: 'dev.example.second' });
    expect(stored()).toEqual([first.tool.assets]);
    expect(second.tool.assets).toBe(first.tool.assets);
    await uninstallTool(shop.deps, echo);
    expect(stored()).toEqual([first.tool.assets]);
    await uninstallTool(shop.deps, 'dev.example.second');
    expect([stored(), namesIn('staging')]).toEqual([[], []]);
  });

  it('tells changed assets of an update, as nothing that needs a look, and removes the old ones', async () => {
    const { tool } = await install({ a: 'old' });
    const planned = await planInstall(shop.deps, await pack({ a: 'new' }));
    expect(planned).toMatchObject({ action: 'update', needsReview: false, added: [] });
    expect(planned.changes).toEqual([
      { field: 'assets', before: tool.assets, after: expect.any(String), needsReview: false },
    ]);
    expect(stored()).toEqual([tool.assets]);
    const updated = await install({ a: 'new' });
    expect(stored()).toEqual([updated.tool.assets]);
    const without = await install({});
    expect(without.changes).toEqual([expect.objectContaining({ field: 'assets', after: null })]);
    expect(stored()).toEqual([]);
  });

  it('is unchanged the second time, and mends what was damaged', async () => {
    const { tool } = await install({ a: 'x' });
    const place = shop.deps.store.assets.folder(tool.assets as Sha256, tool);
    chmodSync(join(place, 'a'), 0o600);
    writeFileSync(join(place, 'a'), 'damaged');
    expect((await install({ a: 'x' })).status).toBe('unchanged');
    expect(readFileSync(join(place, 'a'), 'utf8')).toBe('x');
    expect(stored()).toEqual([tool.assets]);
  });

  it('does not give a pinned tool other files', async () => {
    const { tool } = await install({ a: 'x' });
    shop.registry.tools.update({ ...tool, pinnedVersion: '1.0.0' });
    await expect(install({ a: 'y' })).rejects.toMatchObject({ code: 'KAMI_TOOL_PINNED' });
    expect((await install({ a: 'x' })).status).toBe('unchanged');
  });

  it('leaves nothing when they are refused', async () => {
    const source = await pack({ a: 'x' });
    symlinkSync('/etc/passwd', join(source.path, 'assets', 'passwd'));
    await expect(installTool(shop.deps, source)).rejects.toMatchObject({
      code: 'KAMI_ASSETS_INVALID',
      message: expect.stringContaining(join('assets', 'passwd')),
    });
    expect([shop.registry.tools.ids(), stored(), namesIn('staging')]).toEqual([[], [], []]);
  });

  it('leaves nothing when the registry refuses it', async () => {
    const pinned = await install({ a: 'x' });
    shop.registry.tools.update({ ...pinned.tool, version: '2.0.0' });
    await expect(install({ a: 'y' })).rejects.toMatchObject({ code: 'KAMI_TOOL_DOWNGRADE' });
    expect([stored(), namesIn('staging')]).toEqual([[pinned.tool.assets], []]);
  });
});

describe('installing a project', () => {
  const project = async () => {
    const built = readAssetTree(join(shop.folder, 'project', 'assets'))?.sha256;
    shop.writePackage('project/dist');
    shop.write({
      'project/tool.toml': '[tool]\nid = "dev.example.echo"\nname = "Echo"\nversion = "1.0.0"\n',
      'project/dist/build.json': JSON.stringify({
        inputs: [],
        ...(built === undefined ? {} : { assets: built }),
      }),
    });
    return resolveSource(join(shop.folder, 'project'));
  };
  const stale = (words: string) => ({ code: 'KAMI_BUILD_STALE', message: expect.stringContaining(words) });

  it('takes the assets of its build', async () => {
    shop.write({ 'project/assets/a': 'x', 'project/dist/assets/a': 'x' });
    const { tool } = await installTool(shop.deps, await project());
    expect(tool.assets).toBe(readAssetTree(join(shop.folder, 'project', 'assets'))?.sha256);
  });

  it.each(['assets', join('dist', 'assets')])(
    'notices that files in %s have changed since',
    async (place) => {
      shop.write({ 'project/assets/a': 'x', 'project/dist/assets/a': 'x' });
      await project();
      const again = () => resolveSource(join(shop.folder, 'project'));
      shop.write({ [`project/${place}/a`]: 'y' });
      await expect(again()).rejects.toMatchObject(stale(`the files in ${place} have changed`));
      shop.write({ [`project/${place}/a`]: 'x' });
      await again();
      mkdirSync(join(shop.folder, 'project', place, 'empty'));
      await expect(again()).rejects.toMatchObject(stale(`the files in ${place} have changed`));
    },
  );

  it('notices the first asset of a project that had none', async () => {
    await project();
    shop.write({ 'project/assets/a': 'x' });
    await expect(resolveSource(join(shop.folder, 'project'))).rejects.toMatchObject(stale('assets'));
  });
});

describe('the private folder of a tool', () => {
  const fill = (id = echo) => {
    mkdirSync(join(privately(id), 'deep'), { recursive: true });
    writeFileSync(join(privately(id), 'deep', 'note'), 'kept');
  };

  it('stays when the tool is updated, and goes with it', async () => {
    await install({});
    fill();
    await install({}, { version: '1.1.0', component: fakeComponent({ name: 'x' }) });
    expect(readFileSync(join(privately(), 'deep', 'note'), 'utf8')).toBe('kept');
    const { cleanup } = await uninstallTool(shop.deps, echo);
    expect(cleanup.problems).toEqual([]);
    expect(namesIn('private')).toEqual([]);
  });

  it('is empty for the next tool of its id, whatever became of the sweep', async () => {
    await install({});
    fill();
    shop.registry.tools.delete(echo);
    expect(existsSync(privately())).toBe(true);
    await install({});
    expect(namesIn('private')).toEqual([]);
  });

  it('goes with the next sweep when it was left over', async () => {
    await install({}, { id: 'dev.example.other' });
    fill('dev.example.other' as ToolId);
    fill();
    expect((await sweepUnused(shop.deps)).problems).toEqual([]);
    expect(namesIn('private')).toEqual(['dev.example.other']);
  });

  it('is a problem and no failure when it can not be removed, and goes the next time', async () => {
    await install({});
    const failing = {
      ...shop.deps.privateFolders,
      sweep: () => [{ path: privately(), code: 'EBUSY' }],
    };
    fill();
    const { cleanup } = await uninstallTool({ ...shop.deps, privateFolders: failing }, echo);
    expect(cleanup.problems).toEqual([`${privately()} could not be removed (EBUSY).`]);
    expect(shop.registry.tools.ids()).toEqual([]);
    await sweepUnused(shop.deps);
    expect(namesIn('private')).toEqual([]);
  });

  it('does not take along what its links lead to', async () => {
    shop.write({ 'outside/precious': 'untouched' });
    await install({});
    fill();
    for (const name of ['folder', 'deep/folder']) {
      symlinkSync(join(shop.folder, 'outside'), join(privately(), name));
    }
    await uninstallTool(shop.deps, echo);
    expect(namesIn('private')).toEqual([]);
    expect(readFileSync(join(shop.folder, 'outside', 'precious'), 'utf8')).toBe('untouched');
  });
});
