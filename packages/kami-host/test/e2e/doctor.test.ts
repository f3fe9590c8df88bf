import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { kamiCommand, type Run, runKami } from '../fixtures/kami-command.ts';
import { filesBelow, type TempFolder, tempFolder } from '../fixtures/temp-folder.ts';
import { installWatTools } from '../fixtures/wat-package.ts';
import { honestTools } from '../fixtures/wat-tools.ts';

interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'warning' | 'problem';
  readonly what: string;
  readonly fix: string | null;
  readonly code: string | null;
}

let home: TempFolder;
let dataDir: string;
const options = () => ({ dataDir, cwd: home.path, env: { HOME: home.path } });
const at = (...names: string[]) => join(home.path, ...names);

interface Examined extends Run {
  readonly findings: readonly Finding[];
  readonly problems: readonly Finding[];
  readonly warnings: readonly Finding[];
}

async function doctor(...flags: readonly string[]): Promise<Examined> {
  const run = await runKami(['doctor', '--json', ...flags], options());
  const { findings } = JSON.parse(run.stdout) as { readonly findings: readonly Finding[] };
  const of = (status: Finding['status']) => findings.filter((finding) => finding.status === status);
  return { ...run, findings, problems: of('problem'), warnings: of('warning') };
}

async function place(text: string, ...names: string[]): Promise<void> {
  await mkdir(dirname(at(...names)), { recursive: true });
  await writeFile(at(...names), text);
}

/** A server in the file of Cursor, of the user. */
const cursor = (entry: object, name = 'kami') =>
  place(JSON.stringify({ mcpServers: { [name]: entry } }), '.cursor', 'mcp.json');
const ownEntry = () => ({
  command: process.execPath,
  args: [kamiCommand, 'serve', '--data-dir', dataDir, '--db', join(dataDir, 'registry.db')],
});
const installParrot = () => installWatTools({ parrot: honestTools.parrot }, options());

beforeEach(async () => {
  home = await tempFolder();
  dataDir = at('data');
  await mkdir(dataDir, { mode: 0o700 });
  return () => home[Symbol.asyncDispose]();
});

describe('kami doctor', () => {
  it('finds no problem where nothing was installed yet, and makes nothing', async () => {
    await rm(dataDir, { recursive: true });
    const { exitCode, problems, warnings } = await runDoctorIn(home.path);
    expect({ exitCode, problems }).toEqual({ exitCode: 0, problems: [] });
    expect(warnings.map(({ what }) => what)).toEqual(['No client starts KAMI yet.']);
    expect(await readdir(home.path)).toEqual([]);
  });

  it('finds a client that is connected, starts its server, and changes no file', async () => {
    await installParrot();
    await runKami(['exec', 'test.wat.parrot', '--input', '{"text":"x"}'], options());
    await runKami(['connect', 'cursor', '--yes', '--no-check'], options());
    const before = await snapshot();
    const { exitCode, problems, findings } = await doctor();
    expect(problems).toEqual([]);
    expect(exitCode).toBe(0);
    expect(findings.map(({ what }) => what).join('\n')).toMatch(/Cursor .* it answers, and lists 1 tool\./);
    for (const check of [
      'installation',
      'configuration',
      'folders',
      'registry',
      'tools',
      'permissions',
      'cache',
      'clients',
    ]) {
      expect(findings.map((finding) => finding.check)).toContain(check);
    }
    expect(await snapshot()).toEqual(before);
  });

  it('says it to people too, with the way to mend it', async () => {
    await cursor({ command: '/nowhere/node', args: [kamiCommand, 'serve'] });
    const { stdout, exitCode } = await runKami(['doctor'], options());
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      / {2}problem {2}Cursor .* starts \/nowhere\/node, which is not there\.\n {4}fix: {3}kami connect cursor\n/,
    );
    expect(stdout).toMatch(/\n1 problem, \d warnings?\.\n$/);
  });
});

/** Where the data folder is not there. */
async function runDoctorIn(cwd: string): Promise<Examined> {
  expect(cwd).toBe(home.path);
  return doctor();
}

/** All files below the home folder; SQLite's helpers of an open registry come and go. */
async function snapshot(): Promise<Readonly<Record<string, string>>> {
  const files = (await filesBelow(home.path)).filter((file) => !/registry\.db-(wal|shm)$/.test(file));
  const pairs = files.map(async (file) => [file, await readFile(at(file), 'base64')] as const);
  return Object.fromEntries(await Promise.all(pairs));
}

describe('kami doctor in a house that is half broken', () => {
  it('names every mistake of the settings, and looks at all else with what is right in them', async () => {
    await place('[runtime]\nmax_concurrent = "many"\nmax_cell = 1\n', 'kami.toml');
    await installWithout('kami.toml');
    const { exitCode, problems, findings } = await doctor();
    expect(exitCode).toBe(1);
    expect(problems.map(({ what }) => what.slice(0, at('kami.toml').length + 4))).toEqual([
      `${at('kami.toml')}:2:1`,
      `${at('kami.toml')}:3:1`,
    ]);
    expect(problems.every(({ code, fix }) => code === 'KAMI_CONFIG_INVALID' && fix !== null)).toBe(true);
    expect(findings.some(({ what }) => what.includes('is intact; 1 tool is installed'))).toBe(true);
  });

  /** The settings that are wrong must not be there while something is installed. */
  async function installWithout(name: string): Promise<void> {
    const text = await readFile(at(name), 'utf8');
    await rm(at(name));
    await installParrot();
    await writeFile(at(name), text);
  }

  it('begins without a configuration file that is named and not there', async () => {
    const { problems } = await doctor('--config', 'nowhere.toml');
    expect(problems).toMatchObject([{ check: 'configuration', code: 'KAMI_FILE_NOT_FOUND' }]);
  });

  it.each([
    ['garbage', 'This is no database, and it is long enough to be none.'.repeat(40), 'KAMI_REGISTRY_CORRUPT'],
    ['an empty folder', undefined, 'KAMI_FILE_UNREADABLE'],
  ])('says that the registry is %s, and does not touch it', async (_name, text, code) => {
    const db = join(dataDir, 'registry.db');
    if (text === undefined) await mkdir(db);
    else await writeFile(db, text);
    await cursor(ownEntry());
    const { exitCode, problems, findings } = await doctor();
    expect(exitCode).toBe(1);
    expect(problems).toMatchObject([{ check: 'registry', code }]);
    expect(findings.map(({ what }) => what).join()).toContain('It was not started');
    if (text !== undefined) expect(await readFile(db, 'utf8')).toBe(text);
  });

  it('finds damage inside of the registry', async () => {
    await installParrot();
    const db = join(dataDir, 'registry.db');
    const bytes = await readFile(db);
    // All pages but the first, which says what the file is.
    bytes.fill(0xff, 4_096);
    await writeFile(db, bytes);
    const { exitCode, problems } = await doctor();
    expect(exitCode).toBe(1);
    expect(problems[0]).toMatchObject({ check: 'registry', code: 'KAMI_REGISTRY_CORRUPT' });
  });

  it.each(['changed', 'missing'] as const)('names the tool whose component is %s', async (how) => {
    await installParrot();
    const [file = ''] = (await filesBelow(dataDir)).filter((name) =>
      name.startsWith(join('store', 'sha256')),
    );
    if (how === 'missing') await rm(join(dataDir, file));
    else await writeFile(join(dataDir, file), 'other bytes');
    const { exitCode, problems } = await doctor();
    expect(exitCode).toBe(1);
    expect(problems).toMatchObject([{ check: 'tools', code: 'KAMI_STORE_DAMAGED' }]);
    expect(problems[0]?.what).toContain('test.wat.parrot');
    expect(problems[0]?.fix).toMatch(/kami install \S/);
  });

  it('finds grants whose folder, secret or variable is not there', async () => {
    await installParrot();
    await mkdir(at('notes'));
    const credential = (host: string) => `credential=${host}/X-Key=$\{API_TOKEN}`;
    const items = [
      `mount=${at('notes')}:/data:ro`,
      'env=NOT_SET_ANYWHERE',
      'env=ONLY_HERE',
      'net=example.com',
      credential('example.com'),
      credential('example.org'),
    ];
    await runKami(['grant', 'test.wat.parrot', ...items], options());
    await rm(at('notes'), { recursive: true });
    const run = await runKami(['doctor', '--json'], {
      ...options(),
      env: { ...options().env, ONLY_HERE: '1' },
    });
    const { findings } = JSON.parse(run.stdout) as { findings: readonly Finding[] };
    const lines = findings
      .filter(({ check }) => check === 'permissions')
      .map(({ status, what, fix }) => `${status} ${what} ${fix}`);
    expect(lines).toHaveLength(5);
    const text = lines.join('\n');
    expect(text).toMatch(
      /problem .*notes, which is not there\. .*kami revoke test\.wat\.parrot mount=\/data/,
    );
    expect(text).toContain(
      'problem test.wat.parrot needs the secret API_TOKEN, which is not set. kami secret set test.wat.parrot API_TOKEN',
    );
    expect(text).toContain(
      'warning test.wat.parrot may have the variable NOT_SET_ANYWHERE, which is not set.',
    );
    expect(text).toContain('ONLY_HERE, which is set in this shell, but clients do not pass it on.');
    expect(text).toMatch(/warning credential=example\.org.* has no effect: its host is not granted/);
    expect(run.exitCode).toBe(1);
  });

  it.skipIf(process.platform === 'win32')('finds what others may read', async () => {
    await installParrot();
    await runKami(['secret', 'set', 'test.wat.parrot', 'API_TOKEN'], { ...options(), input: 'hidden-value' });
    await chmod(join(dataDir, 'secrets.json'), 0o644);
    await chmod(dataDir, 0o755);
    const { problems, warnings, stdout } = await doctor();
    expect(problems).toMatchObject([{ code: 'KAMI_SECRET_STORE_UNSAFE' }]);
    expect(warnings[0]).toMatchObject({ check: 'folders', fix: `chmod 700 ${dataDir}` });
    expect(stdout).not.toContain('hidden-value');
  });

  it('finds damaged files of the cache, and leaves them', async () => {
    await installParrot();
    await runKami(['exec', 'test.wat.parrot', '--input', '{"text":"x"}'], options());
    const [part = ''] = (await filesBelow(dataDir)).filter((name) => dirname(name).endsWith('files'));
    await writeFile(join(dataDir, part), 'other bytes');
    const { exitCode, warnings } = await doctor();
    expect(exitCode).toBe(0);
    expect(warnings[0]).toMatchObject({ check: 'cache', fix: 'kami cache verify' });
    expect(await readFile(join(dataDir, part), 'utf8')).toBe('other bytes');
  });
});

describe('the clients that kami doctor looks at', () => {
  const clientsOf = ({ findings }: Examined) => findings.filter(({ check }) => check === 'clients');

  it('may have a file that nobody can read', async () => {
    await place('{ "mcpServers": { oops', '.cursor', 'mcp.json');
    const { problems } = await doctor();
    expect(problems).toMatchObject([{ check: 'clients', code: 'KAMI_CONNECT_FILE_INVALID' }]);
  });

  it.each([
    [
      'a kami that is not there',
      { command: '/nowhere/kami', args: ['serve'] },
      'problem',
      'which is not there',
    ],
    ['a command by its name', { command: 'kami', args: ['serve'] }, 'warning', 'by the PATH'],
    [
      'another kami',
      { command: process.execPath, args: ['{other}', 'serve'] },
      'warning',
      'starts another KAMI',
    ],
    [
      'other tools',
      { command: process.execPath, args: [kamiCommand, 'serve', '--data-dir', '/nowhere'] },
      'warning',
      'serves other tools',
    ],
    [
      'the default tools',
      { command: process.execPath, args: [kamiCommand, 'serve'] },
      'warning',
      'serves other tools',
    ],
  ])('may start %s', async (_name, entry, status, words) => {
    await place('console.log("another")', 'else', 'kami.js');
    const args = entry.args.map((word) => word.replace('{other}', at('else', 'kami.js')));
    await cursor({ ...entry, args });
    const found = clientsOf(await doctor()).filter((finding) => finding.status === status);
    expect(found.map(({ what }) => what).join()).toContain(words);
    expect(
      found.every(
        ({ fix }) => fix?.startsWith('kami connect cursor') === true || fix?.includes('npm install'),
      ),
    ).toBe(true);
  });

  it('may start a server that fails, and what it says is shown', async () => {
    await installParrot();
    await cursor({ ...ownEntry(), args: [...ownEntry().args, '--no-such-flag'] });
    const { problems } = await doctor();
    expect(problems).toMatchObject([{ check: 'clients' }]);
    expect(problems[0]?.what).toContain('KAMI_USAGE');
  });

  it('may have something that writes to stdout', async () => {
    await installParrot();
    await place('console.log("a banner");', 'banner.mjs');
    await cursor({ ...ownEntry(), env: { NODE_OPTIONS: `--import=${pathToFileURL(at('banner.mjs'))}` } });
    const { problems } = await doctor();
    expect(problems).toMatchObject([{ check: 'clients' }]);
    expect(problems[0]?.what).toContain('"a banner"');
  });

  it('may start it in a way that a kami.toml of any folder can change', async () => {
    await installParrot();
    await cursor({ ...ownEntry(), args: ownEntry().args.slice(0, -2) });
    const { warnings, problems } = await doctor();
    expect(problems).toEqual([]);
    expect(warnings.map(({ what }) => what).join()).toContain('does not name the tools it serves');
  });

  it('may leave out tools because of the name of the server', async () => {
    await installParrot();
    await cursor(ownEntry(), 'a-name-that-is-longer-than-it-should-be-in-cursor');
    const { warnings } = await doctor();
    expect(warnings.map(({ what }) => what).join()).toContain('more than 60 characters: test_wat_parrot');
  });

  it('are told apart by profile in what mends them', async () => {
    await cursor(
      { command: '/nowhere/node', args: [kamiCommand, 'serve', '--profile', 'work'] },
      'kami-work',
    );
    expect((await doctor()).problems).toMatchObject([{ fix: 'kami connect cursor --profile work' }]);
  });
});

describe("a stranger's project folder", () => {
  it('is started when it has what kami connect wrote', async () => {
    await installParrot();
    await runKami(['connect', 'cursor', '--scope', 'project', '--yes', '--no-check'], {
      ...options(),
      cwd: dataDir,
    });
    const { stdout } = await runKami(['doctor', '--json'], { ...options(), cwd: dataDir });
    expect(stdout).toContain('it answers, and lists 1 tool');
  });

  it('can not put its own words into the commands that mend', async () => {
    const args = ['/nowhere/kami.js', 'serve', '--profile', 'x; touch mark', '--db', '$(touch mark)'];
    const entry = { command: process.execPath, args };
    await place(JSON.stringify({ mcpServers: { 'a; touch mark': entry } }), '.mcp.json');
    await cursor({ ...ownEntry(), args: [kamiCommand, ...args.slice(1)] }, 'b `touch mark`');
    const { findings } = await doctor();
    const fixes = findings.map(({ fix }) => fix ?? '');
    expect(fixes.filter((fix) => fix.startsWith('kami connect '))).toHaveLength(2);
    expect(fixes.join('\n')).not.toContain('touch');
  });

  const mark = () => at('mark');
  const evil = () =>
    place(
      `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(at('mark'))}, '');`,
      'evil.mjs',
    );

  it.each([
    ['a program that is called kami', () => ({ command: at('kami'), args: ['serve'] })],
    [
      'a module before ours',
      () => ({ ...ownEntry(), args: ['--import', at('evil.mjs'), ...ownEntry().args] }),
    ],
    [
      'a variable',
      () => ({ ...ownEntry(), env: { NODE_OPTIONS: `--import=${pathToFileURL(at('evil.mjs'))}` } }),
    ],
    ['a node of its own', () => ({ ...ownEntry(), command: at('kami') })],
    ['a flag of ours', () => ({ ...ownEntry(), args: [...ownEntry().args, '--log-format', 'json'] })],
    ['its own kami.js', () => ({ ...ownEntry(), args: [at('own', 'kami.js'), 'serve'] })],
  ])('can not make kami doctor run code by %s', async (_name, entry) => {
    await installParrot();
    await evil();
    await place(`#!/bin/sh\ntouch ${mark()}\n`, 'kami');
    await chmod(at('kami'), 0o755);
    await place(`require('node:fs').writeFileSync(${JSON.stringify(mark())}, '')`, 'own', 'kami.js');
    await mkdir(at('project'));
    for (const file of ['.mcp.json', '.cursor/mcp.json', '.vscode/mcp.json', '.zed/settings.json']) {
      const key = file.includes('vscode')
        ? 'servers'
        : file.includes('zed')
          ? 'context_servers'
          : 'mcpServers';
      await place(JSON.stringify({ [key]: { kami: entry() } }), 'project', file);
    }
    const { stdout } = await runKami(['doctor', '--json'], { ...options(), cwd: at('project') });
    expect(stdout).toContain(at('project', '.mcp.json'));
    expect(stdout).not.toContain('it answers');
    expect(existsSync(mark())).toBe(false);
  });
});
