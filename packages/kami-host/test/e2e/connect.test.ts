import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { parse as parseToml } from 'smol-toml';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { kamiCommand, type Run, runJson, runKami } from '../fixtures/kami-command.ts';
import { type TempFolder, tempFolder } from '../fixtures/temp-folder.ts';
import { installWatTools } from '../fixtures/wat-package.ts';
import { honestTools } from '../fixtures/wat-tools.ts';

const clients = ['claude-desktop', 'claude-code', 'cursor', 'vscode', 'windsurf', 'zed', 'codex'] as const;
const withProject = ['claude-code', 'cursor', 'vscode', 'zed', 'codex'] as const;

interface Connected {
  readonly status: string;
  readonly file: string;
  readonly name: string;
  readonly entry: { readonly command: string; readonly args: readonly string[] };
  readonly backup: string | null;
  readonly tools: readonly string[] | null;
  readonly notes: readonly string[];
}

let data: TempFolder;
let home: TempFolder;
/** The data folder has a tool; each test has a home of its own. */
const options = () => ({
  dataDir: data.path,
  cwd: home.path,
  env: { HOME: home.path, USERPROFILE: home.path },
});
const connect = async (...args: readonly string[]) =>
  (await runJson<Connected>(['connect', ...args, '--yes'], options())).json;
const quickly = (...args: readonly string[]) => connect(...args, '--no-check');
const run = (...args: readonly string[]) => runKami(['connect', ...args], options());

/** The entry as its client reads it. */
async function entryIn(file: string, name = 'kami'): Promise<Connected['entry']> {
  const text = await readFile(file, 'utf8');
  const root = (file.endsWith('.toml') ? parseToml(text) : JSON.parse(text)) as Record<
    string,
    Record<string, unknown>
  >;
  const servers = root.mcpServers ?? root.servers ?? root.context_servers ?? root.mcp_servers ?? {};
  return servers[name] as Connected['entry'];
}

function expectRefused({ exitCode, stderr }: Run, code: string, exit = 1): void {
  expect(stderr).toContain(code);
  expect(exitCode).toBe(exit);
}

beforeAll(async () => {
  data = await tempFolder();
  await installWatTools({ parrot: honestTools.parrot }, { dataDir: data.path });
});
afterAll(() => data[Symbol.asyncDispose]());
beforeEach(async () => {
  home = await tempFolder();
  return () => home[Symbol.asyncDispose]();
});

describe.each(clients)('kami connect %s', (client) => {
  it('adds an entry, changes nothing the second time, and takes it out again', async () => {
    const added = await quickly(client);
    expect(added).toMatchObject({ status: 'added', name: 'kami', backup: null, tools: null });
    expect(added.entry).toMatchObject({
      command: process.execPath,
      args: [kamiCommand, 'serve', '--data-dir', data.path, '--db', join(data.path, 'registry.db')],
    });
    expect(added.file.startsWith(home.path)).toBe(true);
    const before = await readFile(added.file, 'utf8');
    expect(await quickly(client)).toMatchObject({ status: 'unchanged', backup: null });
    expect(await readFile(added.file, 'utf8')).toBe(before);
    expect(await readdir(dirname(added.file))).not.toContain('mcp.json.kami-backup');
    const removed = await quickly(client, '--remove');
    expect(removed).toMatchObject({ status: 'removed', file: added.file });
    expect(await readFile(String(removed.backup), 'utf8')).toBe(before);
    expect(await entryIn(added.file)).toBeUndefined();
    expect(await quickly(client, '--remove')).toMatchObject({ status: 'absent' });
  });

  it('writes a command that an MCP client starts without any environment', async () => {
    const { file } = await quickly(client);
    const { command, args } = await entryIn(file);
    const transport = new StdioClientTransport({
      command,
      args: [...args],
      env: { HOME: home.path, PATH: '/usr/bin:/bin' },
      cwd: home.path,
    });
    const mcp = new Client({ name: 'kami-test', version: '1.0.0' });
    await mcp.connect(transport);
    try {
      const { tools } = await mcp.listTools();
      expect(tools.map(({ name }) => name)).toEqual(['test_wat_parrot']);
    } finally {
      await mcp.close();
    }
  });

  it('has an entry for each profile', async () => {
    await quickly(client);
    const { file, name } = await quickly(client, '--profile', 'work');
    expect(name).toBe('kami-work');
    expect((await entryIn(file, 'kami-work')).args.slice(1, 4)).toEqual(['serve', '--profile', 'work']);
    await quickly(client, '--profile', 'work', '--remove');
    expect(await entryIn(file, 'kami-work')).toBeUndefined();
    expect(await entryIn(file)).toBeDefined();
  });

  it('prints the entry, and touches nothing', async () => {
    const { stdout, exitCode } = await run(client, '--print');
    expect(exitCode).toBe(0);
    expect(await readdir(home.path)).toEqual([]);
    const file = join(home.path, client === 'codex' ? 'x.toml' : 'x.json');
    await writeFile(file, stdout);
    expect((await entryIn(file)).args).toContain(kamiCommand);
  });
});

it.each(withProject)('the project of %s has a file of its own', async (client) => {
  const { file, notes } = await quickly(client, '--scope', 'project');
  expect(dirname(dirname(file)) === home.path || dirname(file) === home.path).toBe(true);
  expect(notes.join()).toContain('out of version control');
});

it('neither the folder nor the variables of a client lead the server to other tools', async () => {
  const { file } = await quickly('cursor');
  const { command, args } = await entryIn(file);
  const evil = join(home.path, 'evil');
  await writeFile(
    join(home.path, 'kami.toml'),
    'data_dir = "evil"\n\n[registry]\ndatabase_path = "evil/registry.db"\n',
  );
  const env = {
    HOME: home.path,
    PATH: '',
    KAMI_DATA_DIR: evil,
    KAMI_REGISTRY_DATABASE_PATH: join(evil, 'x.db'),
  };
  const transport = new StdioClientTransport({ command, args: [...args], env, cwd: home.path });
  const mcp = new Client({ name: 'kami-test', version: '1.0.0' });
  await mcp.connect(transport);
  try {
    expect((await mcp.listTools()).tools).toHaveLength(1);
    expect(existsSync(evil)).toBe(false);
  } finally {
    await mcp.close();
  }
});

describe('kami connect', () => {
  const place = async (text: string | Buffer) => {
    const file = join(home.path, '.cursor', 'mcp.json');
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    return file;
  };

  it('starts what it has written, and says which tools it has', async () => {
    expect((await connect('cursor')).tools).toEqual(['test_wat_parrot']);
    const { stdout, stderr } = await run('vscode', '--yes');
    expect(stdout).toContain('+   "servers": {');
    expect(stdout).toContain('VS Code will start KAMI as "kami".');
    expect(stdout).toContain('Next: ');
    expect(stderr).toContain('Starting the server as VS Code will 1 tool');
  });

  it('says so when the server does not answer, and leaves the entry for the next attempt', async () => {
    const db = join(home.path, 'not-a-registry.db');
    await writeFile(db, 'This is no database, and long enough to be none.'.repeat(30));
    const refused = await run('cursor', '--yes', '--db', db);
    expectRefused(refused, 'KAMI_CONNECT_CHECK_FAILED');
    expect(refused.stderr).toContain('KAMI_REGISTRY_CORRUPT');
    expect(refused.stderr).toContain('fix: See what is wrong: kami doctor');
    expect(await entryIn(join(home.path, '.cursor', 'mcp.json'))).toBeDefined();
  });

  it('keeps comments, tabs, line ends and the byte order mark', async () => {
    const before =
      '\ufeff{\r\n\t// mine\r\n\t"mcpServers": {\r\n\t\t"a": { "url": "https://x" } // theirs\r\n\t}\r\n}\r\n';
    const file = await place(before);
    const { backup } = await quickly('cursor');
    const after = await readFile(file, 'utf8');
    expect(after).toMatch(
      /^\ufeff\{\r\n\t\/\/ mine\r\n\t"mcpServers": \{\r\n\t\t"a": \{ "url": "https:\/\/x" \}, \/\/ theirs\r\n\t\t"kami": \{\r\n/,
    );
    expect(await readFile(String(backup), 'utf8')).toBe(before);
    await quickly('cursor', '--remove');
    expect(await readFile(file, 'utf8')).toBe(before);
  });

  it('keeps what somebody added to an entry of KAMI, and brings the rest up to date', async () => {
    const file = await place(
      '{"mcpServers": {"kami": {"command": "kami", "args": ["serve"], "disabled": true}}}',
    );
    expect(await quickly('cursor')).toMatchObject({ status: 'updated' });
    expect(await entryIn(file)).toMatchObject({ command: process.execPath, disabled: true });
  });

  it.each([
    ['an empty file', ''],
    ['white space', ' \n'],
    ['an empty object', '{}'],
  ])('fills %s', async (_name, text) => {
    const file = await place(text);
    expect(await quickly('cursor')).toMatchObject({ status: 'added' });
    expect((await entryIn(file)).command).toBe(process.execPath);
  });

  it.each([
    ['broken JSON', '{\n  "mcpServers": {\n    "a": {},\n    oops\n  }\n}\n', 'mcp.json:4:5'],
    ['a list in the place of the servers', '{ "mcpServers": [] }', '"mcpServers" is no table of servers'],
    ['another encoding', Buffer.from('\ufeff{}', 'utf16le'), 'no UTF-8'],
  ])('leaves %s as it is, and says where', async (_name, text, where) => {
    const file = await place(text);
    const refused = await run('cursor', '--yes');
    expectRefused(refused, 'KAMI_CONNECT_FILE_INVALID');
    expect(refused.stderr).toContain(where);
    expect(await readFile(file)).toEqual(Buffer.from(text));
    expect(await readdir(dirname(file))).toEqual(['mcp.json']);
  });

  it('changes nothing where nobody can be asked', async () => {
    const refused = await run('cursor');
    expectRefused(refused, 'KAMI_CONNECT_DECLINED');
    expect(refused.stdout).toContain('"kami": {');
    expect(refused.stderr).toContain('--yes');
    expect(await readdir(home.path)).toEqual([]);
  });

  it('replaces and removes the entry of another program only by force', async () => {
    const before =
      '{"mcpServers":{"kami":{"url":"https://kami.example","headers":{"Authorization":"Bearer abc"}}}}';
    const file = await place(before);
    for (const flags of [['--yes'], ['--yes', '--remove']]) {
      const refused = await run('cursor', ...flags);
      expectRefused(refused, 'KAMI_CONNECT_CONFLICT');
      expect(refused.stderr).toContain('https://kami.example');
      expect(refused.stdout + refused.stderr).not.toContain('abc');
    }
    expectRefused(await run('cursor', '--force'), 'KAMI_CONNECT_DECLINED');
    expect(await readFile(file, 'utf8')).toBe(before);
    expect(await quickly('cursor', '--force')).toMatchObject({ status: 'replaced' });
    expect(await entryIn(file)).not.toHaveProperty('url');
  });

  it('takes another file and another name, and tells of a second entry', async () => {
    const file = join(home.path, 'deep', 'er', 'mcp.json');
    await quickly('cursor', '--file', 'deep/er/mcp.json');
    const { name, notes } = await quickly('cursor', '--file', file, '--name', 'tools');
    expect(name).toBe('tools');
    expect(notes.join()).toContain('"kami", which starts KAMI too');
  });

  it('passes on where the tools are, and says what it can not pass on', async () => {
    const other = join(home.path, 'other');
    const { json } = await runJson<Connected>(
      ['connect', 'cursor', '--yes', '--no-check', '--data-dir', other],
      {
        ...options(),
        env: { ...options().env, KAMI_RUNTIME_POOL_SIZE: '1' },
      },
    );
    expect(json.entry.args).toEqual(
      expect.arrayContaining(['--data-dir', other, '--db', join(other, 'registry.db')]),
    );
    expect(json.notes.join()).toContain('KAMI_RUNTIME_POOL_SIZE holds in this shell only');
    expect(existsSync(other)).toBe(false);
  });

  it.each([
    [['emacs'], 'claude-desktop, claude-code'],
    [['windsurf', '--scope', 'project'], '--scope user'],
    [['cursor', '--name', 'a b'], '--name'],
    [['cursor', '--profile', '../x'], '--profile'],
    [['cursor', '--print', '--remove'], '--print and --remove'],
    [['cursor', '--file', 'x', '--scope', 'user'], '--file and --scope'],
  ])('refuses %j', async (args, words) => {
    const refused = await run(...args, '--yes');
    expectRefused(refused, 'KAMI_USAGE', 2);
    expect(refused.stderr).toContain(words);
    expect(await readdir(home.path)).toEqual([]);
  });
});
