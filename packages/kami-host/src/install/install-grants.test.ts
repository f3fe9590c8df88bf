import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { grantItems } from '../model/grant.ts';
import { formatGrantItem, parseGrantItem } from '../model/grant-item.ts';
import type { ToolId } from '../model/ids.ts';
import { createSecretStore } from '../registry/secret-store.ts';
import { changeToolGrant, revokeAll } from './change-grant.ts';
import { createWorkshop, fakeComponent, type PackageOptions, type Workshop } from './fixtures/workshop.ts';
import { resolveSource } from './install-source.ts';
import { executePlan, installTool, planInstall } from './install-tool.ts';
import { checkMountFolder } from './mount-folder.ts';
import { uninstallTool } from './uninstall-tool.ts';

const script = fileURLToPath(new URL('./fixtures/install-process.mjs', import.meta.url));
const echo = 'dev.example.echo' as ToolId;
const grantor = { by: 'ada', at: new Date('2026-01-02T03:04:05.678Z') };

// Processes start slowly on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

let shop: Workshop;
beforeEach(async () => {
  shop = await createWorkshop();
});
afterEach(() => shop.close());

let count = 0;
async function sourceOf(options: PackageOptions = {}) {
  count += 1;
  return resolveSource(shop.writePackage(`pack-${count}`, options));
}

const order = (...texts: readonly string[]) => ({
  change: { add: texts.map(parseGrantItem), remove: [] },
  grantor,
});
const granted = () =>
  grantItems(shop.registry.grants.find(echo) ?? expect.unreachable()).map(formatGrantItem);
const asking = (hosts: string) => `[security]\nnet_allow_list = [${hosts}]`;

describe('an installation', () => {
  it('stores what the operator grants, and not what the tool asks for', async () => {
    const source = await sourceOf({ tables: asking('"a.example", "b.example"') });
    const outcome = await installTool(shop.deps, source, { grants: order('net=a.example', 'env=LANG') });
    expect(granted()).toEqual(['net=a.example', 'env=LANG']);
    expect(outcome.grant).toEqual(shop.registry.grants.find(echo));
    expect(outcome.grant).toMatchObject({ grantedBy: 'ada', grantedAt: '2026-01-02T03:04:05.678Z' });
  });

  it('stores no grant when none is given', async () => {
    await installTool(shop.deps, await sourceOf({ tables: asking('"*"') }));
    expect(shop.registry.grants.find(echo)).toBeUndefined();
  });

  it('of a later version keeps the grant, and tells what is to be decided about', async () => {
    const first = await sourceOf({ tables: asking('"a.example"') });
    await installTool(shop.deps, first, { grants: order('net=a.example', 'net=own.example') });
    const tables = `${asking('"a.example", "own.example", "*"')}
      fs_access = "sandbox"
      max_memory_mb = 512
      [[security.mounts]]
      path = "/data"
      access = "read-write"`;
    const plan = await planInstall(shop.deps, await sourceOf({ version: '1.1.0', tables }));
    expect(plan.open.items.map(formatGrantItem)).toEqual(['net=*', 'fs=sandbox', 'memory=512']);
    expect(plan.open.mounts).toEqual([{ path: '/data', access: 'read-write', reason: undefined }]);
    expect(plan.needsReview).toBe(true);
    expect((await executePlan(shop.deps, plan)).tool.version).toBe('1.1.0');
    expect(granted()).toEqual(['net=a.example', 'net=own.example']);
  });

  it.each([
    ['a host', asking('"b.example"')],
    ['a folder', '[[security.mounts]]\npath = "/data"\naccess = "read-only"'],
    [
      'a credential',
      `${asking('"a.example"')}\n[[security.credentials]]\nhost = "a.example"\nheader = "X-Key"\nvalue = "\${KEY}"`,
    ],
  ])('that asks for %s more needs a look', async (_what, tables) => {
    await installTool(shop.deps, await sourceOf({ tables: asking('"a.example"') }));
    const plan = await planInstall(shop.deps, await sourceOf({ version: '1.1.0', tables }));
    expect(plan).toMatchObject({ needsReview: true, added: [expect.any(String)] });
  });

  it('joins what another process has granted since the plan was made', async () => {
    await installTool(shop.deps, await sourceOf());
    const plan = await planInstall(shop.deps, await sourceOf({ version: '1.1.0' }));
    changeToolGrant(shop.registry, echo, order('net=other.example').change, grantor);
    await executePlan(shop.deps, plan, order('net=a.example'));
    expect(granted()).toEqual(['net=other.example', 'net=a.example']);
  });

  it('that is killed before its grant is committed leaves no tool and no grant', async () => {
    const source = shop.writePackage('killed');
    const run = () =>
      spawnSync(process.execPath, [script, 'grantAndDie', shop.registry.path, source, 'net=a.example']);
    expect(run().signal).toBe('SIGKILL');
    expect([shop.registry.tools.ids(), shop.registry.grants.find(echo)]).toEqual([[], undefined]);
    await installTool(shop.deps, await resolveSource(source), { grants: order('net=old.example') });
    expect(run().signal).toBe('SIGKILL');
    expect(granted()).toEqual(['net=old.example']);
  });
});

describe('an uninstallation', () => {
  it('takes grant and secrets along', async () => {
    const secrets = createSecretStore(shop.registry);
    const deps = { ...shop.deps, secrets };
    await installTool(deps, await sourceOf(), { grants: order('net=*') });
    secrets.set(echo, 'TOKEN', 'the-secret-value', new Date());
    await uninstallTool(deps, echo);
    expect(readFileSync(secrets.path, 'utf8')).not.toContain('the-secret-value');
    await installTool(deps, await sourceOf({ component: fakeComponent({ name: 'Another' }) }));
    expect([shop.registry.grants.find(echo), secrets.list(echo)]).toEqual([undefined, []]);
  });
});

describe('changing a grant', () => {
  it('needs an installed tool', () => {
    const missing = expect.objectContaining({ code: 'KAMI_TOOL_NOT_FOUND' });
    expect(() => changeToolGrant(shop.registry, echo, order('net=*').change, grantor)).toThrow(missing);
    expect(() => revokeAll(shop.registry, echo)).toThrow(missing);
  });

  it('moves the counter of the registry only when something changes', async () => {
    await installTool(shop.deps, await sourceOf());
    const change = () => changeToolGrant(shop.registry, echo, order('net=*').change, grantor);
    change();
    const before = shop.registry.changeCounter();
    const { before: had, after } = change();
    expect(after).toBe(had);
    expect(shop.registry.changeCounter()).toBe(before);
    expect([revokeAll(shop.registry, echo), revokeAll(shop.registry, echo)]).toEqual([true, false]);
    expect(shop.registry.changeCounter()).not.toBe(before);
  });
});

describe('the folder of a mount', () => {
  const check = (path: string) => {
    const item = checkMountFolder(parseGrantItem(`mount=${path}:/data:ro`), [join(shop.folder, 'home')]);
    return formatGrantItem(item).replace(shop.folder, '');
  };

  it('is granted as what it is, links resolved', () => {
    mkdirSync(join(shop.folder, 'real'));
    symlinkSync(join(shop.folder, 'real'), join(shop.folder, 'link'));
    expect(check(join(shop.folder, 'link'))).toBe('mount=/real:/data:ro');
  });

  it.each([
    ['missing', /no such folder/],
    ['file', /no folder/],
    ['home', /files of KAMI/],
    ['home/store', /files of KAMI/],
    ['.', /files of KAMI/],
    ['to-home', /files of KAMI/],
  ])('%s is refused', (name, message) => {
    writeFileSync(join(shop.folder, 'file'), '');
    mkdirSync(join(shop.folder, 'home', 'store'), { recursive: true });
    symlinkSync(join(shop.folder, 'home'), join(shop.folder, 'to-home'));
    expect(() => check(join(shop.folder, name))).toThrow(
      expect.objectContaining({ code: 'KAMI_GRANT_MOUNT_REFUSED', message: expect.stringMatching(message) }),
    );
  });
});
