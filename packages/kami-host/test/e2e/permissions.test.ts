import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runJson, runKami } from '../fixtures/kami-command.ts';
import { type TempFolder, tempFolder } from '../fixtures/temp-folder.ts';
import { buildWatTool } from '../fixtures/wat-component.ts';

const id = 'dev.example.weather';

// Each step is a process of its own.
vi.setConfig({ testTimeout: 120_000 });

interface Answer {
  readonly status?: string;
  readonly grant: { readonly items: readonly string[]; readonly grantedBy: string | null };
}

interface Report {
  readonly permissions: readonly {
    readonly item: string;
    readonly requested: boolean;
    readonly granted: boolean;
    readonly lastUsed: string | null;
  }[];
  readonly grantedBy: string | null;
  readonly grantedAt: string | null;
  readonly secrets: readonly object[];
  readonly refusals: readonly object[];
}

let data: TempFolder;
let options: { readonly dataDir: string; readonly cwd: string };
beforeEach(async () => {
  data = await tempFolder();
  options = { dataDir: join(data.path, 'data'), cwd: data.path };
  await mkdir(options.dataDir);
  await mkdir(join(data.path, 'docs'));
});
afterEach(() => data[Symbol.asyncDispose]());

const asks = `
net_allow_list = ["api.example.com", "*.tiles.example"]
fs_access = "sandbox"
env_allow_list = ["LANG"]
max_memory_mb = 128
[[security.mounts]]
path = "/data"
access = "read-only"
reason = "Reads the places you care about"
[[security.credentials]]
host = "api.example.com"
header = "Authorization"
value = "Bearer \${API_TOKEN}"
`;
const askedItems = [
  'net=api.example.com',
  'net=*.tiles.example',
  'fs=sandbox',
  'env=LANG',
  `credential=api.example.com/Authorization=Bearer \${API_TOKEN}`,
  'memory=128',
];

/** Writes the package folder of the tool, and gives its path. */
async function pack(security = asks, version = '1.0.0'): Promise<string> {
  const folder = join(data.path, 'package');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'tool.wasm'), await buildWatTool({}));
  const tool = `[tool]\nid = "${id}"\nname = "Weather"\nversion = "${version}"\nwasm = "tool.wasm"\n`;
  await writeFile(join(folder, 'tool.toml'), `${tool}[security]\n${security}`);
  return folder;
}

const kami = (...args: readonly string[]) => runKami(args, options);
const kamiJson = async <T = Answer>(...args: readonly string[]) => (await runJson<T>(args, options)).json;
const granted = async () => {
  const { permissions } = await kamiJson<Report>('permissions', id);
  return permissions.filter((row) => row.granted).map(({ item }) => item);
};

describe('kami install', () => {
  it('without a terminal and without flags grants nothing, and says what is asked and how to grant it', async () => {
    const { exitCode, stdout, stderr } = await kami('install', await pack());
    expect(exitCode, stderr).toBe(0);
    for (const words of [
      'connect to api.example.com',
      'connect to every host under tiles.example',
      'keep files in a private folder of its own',
      'read the environment variable LANG',
      'have your secret API_TOKEN sent to api.example.com in the header Authorization, without seeing it',
      'read the files in a folder of your choice, which it sees as /data',
      'Reads the places you care about',
      'use up to 128 MiB of memory',
      'Granted: nothing.',
      `kami grant ${id} net=api.example.com`,
    ]) {
      expect(stderr).toContain(words);
    }
    expect(stdout).toContain('Installed Weather 1.0.0');
    expect(await granted()).toEqual([]);
  });

  it('with --yes grants a new tool what it asks for, but no folder', async () => {
    const { grant } = await kamiJson('install', await pack(), '--yes');
    expect(grant.items).toEqual(askedItems);
    expect(grant.grantedBy).not.toBe('');
    const again = await kamiJson('install', await pack(), '--yes');
    expect(again).toMatchObject({ status: 'unchanged', grant });
  });

  it('with --grant and --deny grants exactly what they say', async () => {
    const folder = `mount=${join(data.path, 'docs')}:/data:ro`;
    const words = ['--grant', folder, '--grant=net=api.example.com', '--deny', 'env', '--deny', 'fs=sandbox'];
    const { grant } = await kamiJson('install', ...words, await pack());
    expect(grant.items).toEqual(['net=api.example.com', folder]);
    await kami('uninstall', id);
    const denied = await kamiJson('install', await pack(), '--yes', '--deny', 'net', '--deny', 'credential');
    expect(denied.grant.items).toEqual(['fs=sandbox', 'env=LANG', 'memory=128']);
    await kami('uninstall', id);
    expect((await kamiJson('install', await pack(), '--deny-all')).grant.items).toEqual([]);
  });

  it('stops an update that asks for more, also with --yes, and keeps version and grant', async () => {
    await kami('install', await pack(), '--yes');
    const more = await pack(asks.replace('"*.tiles.example"', '"*.tiles.example", "evil.example"'), '1.1.0');
    for (const flags of [[], ['--yes'], ['--yes', '--json']]) {
      const { exitCode, stdout, stderr } = await kami('install', more, ...flags);
      expect(exitCode).toBe(1);
      expect(stdout + stderr).toContain('KAMI_INSTALL_DECLINED');
      expect(stdout + stderr).toContain('connect to evil.example');
      expect(stdout + stderr).toContain('--grant net=evil.example');
    }
    expect(await granted()).toEqual(askedItems);
    expect((await kamiJson<{ version: string }>('inspect', id)).version).toBe('1.0.0');
    const updated = await kamiJson('install', more, '--yes', '--deny-all');
    expect(updated).toMatchObject({ status: 'updated', grant: { items: askedItems } });
  });

  it('grants the new part of an update when it is named', async () => {
    await kami('install', await pack(), '--yes');
    const more = await pack(asks.replace('"*.tiles.example"', '"*.tiles.example", "new.example"'), '1.1.0');
    const { grant } = await kamiJson('install', more, '--yes', '--grant', 'net=new.example');
    expect(grant.items.toSorted()).toEqual([...askedItems, 'net=new.example'].toSorted());
  });

  it.each([
    [['--grant', 'network=x'], 'KAMI_GRANT_INVALID', 2],
    [['--grant', 'net=a@b.example'], 'KAMI_GRANT_INVALID', 2],
    [['--deny', 'everything'], 'KAMI_GRANT_INVALID', 2],
    [['--grant', 'net=a.example', '--deny', 'net'], 'KAMI_USAGE', 2],
    [['--grant', 'mount=/nowhere/at/all:/data:ro'], 'KAMI_GRANT_MOUNT_REFUSED', 1],
  ])('refuses %j and installs nothing', async (flags, code, exit) => {
    const { exitCode, stderr } = await kami('install', await pack(), ...flags);
    expect(stderr).toContain(code);
    expect(exitCode).toBe(exit);
    expect((await kamiJson<{ total: number }>('list')).total).toBe(0);
  });
});

describe('kami grant and kami revoke', () => {
  beforeEach(async () => {
    await kami('install', await pack());
  });

  it('change what is granted, and say what it means', async () => {
    const first = await kami('grant', id, 'net=api.example.com', 'env=LANG', 'time=10s');
    expect(first.stdout).toContain(`${id} may connect to api.example.com.`);
    expect(await granted()).toEqual(['net=api.example.com', 'env=LANG', 'time=10s']);
    const second = await kami('revoke', id, 'net', 'fs', 'env=LANG');
    expect(second).toMatchObject({ exitCode: 0 });
    expect(second.stdout).toContain(`Revoked net from ${id}.`);
    expect(second.stdout).toContain(`fs was not granted to ${id}.`);
    expect(await granted()).toEqual(['time=10s']);
    expect((await kamiJson('revoke', id, '--all')).grant.items).toEqual([]);
    expect((await kami('revoke', id, '--all')).stdout).toContain('Nothing was granted');
  });

  it('allow what the tool does not ask for, with a note', async () => {
    const { exitCode, stderr } = await kami('grant', id, 'net=own.example');
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('does not ask for net=own.example')]);
    const report = await kamiJson<Report>('permissions', id);
    expect(report.permissions[0]).toEqual(
      expect.objectContaining({ item: 'net=own.example', requested: false, granted: true, lastUsed: null }),
    );
  });

  it('never reach the files of KAMI', async () => {
    for (const folder of [options.dataDir, data.path, '/']) {
      const { stderr, exitCode } = await kami('grant', id, `mount=${folder}:/data:rw`);
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining('KAMI_GRANT_MOUNT_REFUSED')]);
    }
    expect(await granted()).toEqual([]);
  });

  it('lose nothing when they run at the same moment', async () => {
    const hosts = ['a', 'b', 'c', 'd'].map((name) => `net=${name}.example`);
    const ended = await Promise.all(hosts.map((item) => kami('grant', id, item)));
    expect(ended.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
    expect((await granted()).toSorted()).toEqual(hosts);
  });

  it.each([
    [['grant', id], 2],
    [['grant', id, 'fs=all'], 2],
    [['grant', 'dev.example.none', 'net=*'], 1],
    [['revoke', id], 2],
    [['revoke', id, 'net', '--all'], 2],
    [['revoke', 'dev.example.none', '--all'], 1],
    [['permissions', 'dev.example.none'], 1],
  ])('refuse %j', async (words, exit) => {
    const { exitCode, stdout, stderr } = await kami(...words);
    expect([exitCode, stdout]).toEqual([exit, '']);
    expect(stderr).toMatch(/fix: \S/);
  });
});

describe('kami permissions', () => {
  it('shows what is requested, granted, by whom and when', async () => {
    await kami('install', await pack(), '--yes', '--deny', 'env');
    const report = await kamiJson<Report>('permissions', id);
    expect(report).toMatchObject({
      grantedBy: expect.stringMatching(/./),
      grantedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      secrets: [{ name: 'API_TOKEN', needed: true, set: false }],
      refusals: [],
    });
    expect(report.permissions.filter((row) => !row.granted).map(({ item }) => item)).toEqual([
      'env=LANG',
      'mount=<folder>:/data:ro',
    ]);
    const { stdout } = await kami('permissions', id);
    expect(stdout).toMatch(/net=api\.example\.com +yes +yes +never/);
    expect(stdout).toMatch(/env=LANG +yes +no/);
    expect(stdout).toContain(`kami secret set ${id} API_TOKEN`);
  });
});

describe('kami secret', () => {
  const value = 'hush-hush-value';
  const set = (name: string, input: string) => runKami(['secret', 'set', id, name], { ...options, input });
  beforeEach(async () => {
    await kami('install', await pack(), '--yes');
  });

  it('sets from stdin, lists names only, and removes', async () => {
    const first = await set('API_TOKEN', `${value}\n`);
    expect([first.exitCode, first.stderr]).toEqual([0, expect.stringContaining('secrets.json')]);
    const file = JSON.parse(await readFile(join(options.dataDir, 'secrets.json'), 'utf8'));
    expect(file.tools).toEqual({ [id]: { API_TOKEN: value } });
    const said = [
      first,
      await kami('secret', 'list', id),
      await kami('secret', 'list', id, '--json'),
      await kami('permissions', id, '--json'),
      await kami('inspect', id, '--json'),
    ];
    for (const { stdout, stderr } of said) expect(stdout + stderr).not.toContain(value);
    expect(said[1]?.stdout).toMatch(/^API_TOKEN {2}set \d{4}-/);
    expect((await kami('secret', 'remove', id, 'API_TOKEN')).exitCode).toBe(0);
    expect(await kami('secret', 'remove', id, 'API_TOKEN')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('KAMI_SECRET_NOT_FOUND'),
    });
    expect(await readFile(join(options.dataDir, 'secrets.json'), 'utf8')).not.toContain(value);
  });

  it('goes with its tool', async () => {
    await set('API_TOKEN', value);
    await kami('uninstall', id);
    expect(await readFile(join(options.dataDir, 'secrets.json'), 'utf8')).not.toContain(value);
  });

  it.skipIf(process.platform === 'win32')('refuses a file that others may read', async () => {
    await set('API_TOKEN', value);
    await chmod(join(options.dataDir, 'secrets.json'), 0o644);
    const { exitCode, stderr } = await set('OTHER', 'another-value');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('KAMI_SECRET_STORE_UNSAFE')]);
    expect(stderr).not.toMatch(/hush|another-value/);
  });

  it.each([
    [['secret', 'set', id], 2],
    [['secret', 'list', id, 'NAME'], 2],
    [['secret', 'show', id, 'NAME'], 2],
    [['secret', 'set', id, 'NAME'], 2],
    [['secret', 'set', id, 'A-B'], 2],
    [['secret', 'set', 'dev.example.none', 'NAME'], 1],
  ])('refuses %j with nothing on stdin', async (words, exit) => {
    const { exitCode, stderr } = await kami(...words);
    expect([exitCode, stderr]).toEqual([exit, expect.stringMatching(/fix: \S/)]);
  });
});

describe('kami run', () => {
  it('takes grants from its flags alone', async () => {
    const folder = await pack();
    await kami('install', folder, '--yes');
    const file = join(folder, 'tool.wasm');
    const words = ['run', file, '--input', '{"a":1}'];
    expect(await kami(...words, '--grant', 'time=10s', '--grant', 'net=a.example')).toMatchObject({
      exitCode: 0,
      stdout: '{"a":1}\n',
    });
    expect(await kami(...words, '--grant', 'fs=everything')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('KAMI_GRANT_INVALID'),
    });
    expect(await kami(...words, '--grant', `mount=${options.dataDir}:/data:ro`)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('KAMI_GRANT_MOUNT_REFUSED'),
    });
  });
});
