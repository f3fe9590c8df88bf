import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guestFolder, install } from '../fixtures/guests.ts';
import { type Run, runJson, runKami } from '../fixtures/kami-command.ts';
import { buildRawComponent, importedFunction } from '../fixtures/raw-component.ts';
import { filesBelow, type TempFolder, tempFolder } from '../fixtures/temp-folder.ts';
import { buildWatTool } from '../fixtures/wat-component.ts';
import { installWatTools, writePackage } from '../fixtures/wat-package.ts';
import { honestTools, uninstallableTools } from '../fixtures/wat-tools.ts';

interface ErrorReport {
  readonly error: { readonly code: string; readonly message: string; readonly fix: string };
}

/** One paragraph with its mend and its code, and nothing of how KAMI is made. */
function expectClearError({ exitCode, stdout, stderr }: Run, code: string, exit = 1): void {
  expect(stderr).toContain(code);
  expect(exitCode, stderr).toBe(exit);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^error: \S.*$/m);
  expect(stderr).toMatch(/^ {2}fix: \S.*$/m);
  expect(stderr).not.toMatch(/^\s+at .*[:)]\d/m);
  expect(stderr).not.toMatch(/node:internal|SqliteError|KamiError|\.js:\d+/);
  expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(8);
}

let data: TempFolder;
let options: { readonly dataDir: string };

beforeAll(async () => {
  data = await tempFolder();
  options = { dataDir: join(data.path, 'data') };
  await mkdir(options.dataDir);
});
afterAll(() => data[Symbol.asyncDispose]());

/** Nothing was installed, and no file of an attempt stayed behind. */
async function expectNothingInstalled(): Promise<void> {
  const listed = await runJson<{ total: number }>(['list'], options);
  expect(listed.json.total).toBe(0);
  const files = await filesBelow(options.dataDir);
  expect(files.filter((file) => file.startsWith('store') || file.startsWith('staging'))).toEqual([]);
}

describe('what can not be installed', () => {
  const honest = () => buildWatTool(honestTools.parrot);

  /** Bytes of a .wasm file, and the code of the error that they give. */
  const components: Readonly<Record<string, readonly [() => Promise<Uint8Array>, string]>> = {
    'an empty file': [async () => new Uint8Array(), 'KAMI_COMPONENT_INVALID'],
    'a file of seven bytes': [async () => (await honest()).slice(0, 7), 'KAMI_COMPONENT_INVALID'],
    'a text file': [async () => Buffer.from('export default 1;\n'), 'KAMI_COMPONENT_INVALID'],
    'a truncated component': [async () => (await honest()).slice(0, -100), 'KAMI_COMPONENT_INVALID'],
    'a component cut in its first section': [
      async () => (await honest()).slice(0, 20),
      'KAMI_COMPONENT_INVALID',
    ],
    'a core module': [() => parse('(module (memory 1))'), 'KAMI_COMPONENT_IS_CORE_MODULE'],
    'an empty component': [() => parse('(component)'), 'KAMI_COMPONENT_WRONG_WORLD'],
    'a component of another world': [
      () => buildRawComponent({ exported: 'acme:other/thing@1.0.0' }),
      'KAMI_COMPONENT_WRONG_WORLD',
    ],
    'a component of a later contract': [
      () => buildRawComponent({ exported: 'kami:tool/tool@0.2.0' }),
      'KAMI_COMPONENT_WRONG_WORLD',
    ],
    'a component that asks for what is not offered': [
      () => buildRawComponent(importedFunction('acme:disk/wipe@1.0.0', 'wipe', '', '')),
      'KAMI_COMPONENT_IMPORT_REFUSED',
    ],
    'a component of another WASI': [
      () =>
        buildRawComponent(
          importedFunction('wasi:cli/exit@0.3.0', 'exit', '(param "status" (result))', '(param i32)'),
        ),
      'KAMI_COMPONENT_IMPORT_REFUSED',
    ],
    'a component whose describe traps': [
      () => buildWatTool(uninstallableTools['describe-traps']),
      'KAMI_COMPONENT_DESCRIBE_FAILED',
    ],
    'a component whose schema is none': [
      () => buildWatTool(uninstallableTools['schema-not-a-schema']),
      'KAMI_COMPONENT_DESCRIBE_FAILED',
    ],
    'a component whose input is no object': [
      () => buildWatTool(uninstallableTools['schema-not-an-object']),
      'KAMI_COMPONENT_DESCRIBE_FAILED',
    ],
    'a component that names itself by a path': [
      () => buildWatTool(uninstallableTools['id-of-another-kind']),
      'KAMI_COMPONENT_INVALID',
    ],
  };

  it.each(Object.entries(components))(
    '%s says so, with the mend, and leaves nothing',
    async (_what, [bytes, code]) => {
      const file = join(data.path, 'candidate.wasm');
      await writeFile(file, await bytes());
      for (const command of ['install', 'validate', 'run']) {
        // `run` does not care how a component calls itself.
        if (command === 'run' && code === 'KAMI_COMPONENT_INVALID' && _what.includes('names itself'))
          continue;
        if (command === 'validate' && _what.includes('names itself')) continue;
        expectClearError(
          await runKami([command, file, ...(command === 'install' ? ['--yes'] : [])], options),
          code,
        );
      }
      const { json, stderr, exitCode } = await runJson<ErrorReport>(['install', file, '--yes'], options);
      expect(json.error).toMatchObject({ code, message: expect.any(String), fix: expect.any(String) });
      expect(Object.keys(json)).toEqual(['error']);
      expect(stderr).toBe('');
      expect(exitCode).toBe(1);
      await expectNothingInstalled();
    },
  );

  /** Text of a tool.toml beside an honest component, and the code of the error that it gives. */
  const manifests: Readonly<Record<string, readonly [string, string]>> = {
    'a broken tool.toml': ['[tool\nid = "a.b"', 'KAMI_MANIFEST_INVALID'],
    'an empty tool.toml': ['', 'KAMI_MANIFEST_INVALID'],
    'an unknown key': [
      '[tool]\nid = "a.b"\nname = "n"\nversion = "1.0.0"\nwsam = "tool.wasm"\n',
      'KAMI_MANIFEST_INVALID',
    ],
    'a limit of zero': [
      '[tool]\nid = "a.b"\nname = "n"\nversion = "1.0.0"\nwasm = "tool.wasm"\n[security]\nmax_memory_mb = 0\n',
      'KAMI_MANIFEST_INVALID',
    ],
    'a path out of the package': [
      '[tool]\nid = "a.b"\nname = "n"\nversion = "1.0.0"\nwasm = "../tool.wasm"\n',
      'KAMI_MANIFEST_INVALID',
    ],
    'a missing component': [
      '[tool]\nid = "a.b"\nname = "n"\nversion = "1.0.0"\nwasm = "missing.wasm"\n',
      'KAMI_BUILD_MISSING',
    ],
    'a missing component with a hash': [
      `[tool]\nid = "a.b"\nname = "n"\nversion = "1.0.0"\nwasm = "missing.wasm"\nwasm_sha256 = "${'0'.repeat(64)}"\n`,
      'KAMI_FILE_NOT_FOUND',
    ],
    'another component than the one named by its hash': [
      `[tool]\nid = "a.b"\nname = "n"\nversion = "1.0.0"\nwasm = "tool.wasm"\nwasm_sha256 = "${'0'.repeat(64)}"\n`,
      'KAMI_COMPONENT_HASH_MISMATCH',
    ],
    'an id that is none': [
      '[tool]\nid = "../../etc"\nname = "n"\nversion = "1.0.0"\nwasm = "tool.wasm"\n',
      'KAMI_MANIFEST_INVALID',
    ],
  };

  it.each(Object.entries(manifests))(
    '%s says so, with the mend, and leaves nothing',
    async (_what, [text, code]) => {
      const folder = await writePackage(data.path, 'candidate', await honest());
      await writeFile(join(folder, 'tool.toml'), text);
      expectClearError(await runKami(['install', folder, '--yes'], options), code);
      expectClearError(await runKami(['install', join(folder, 'tool.toml'), '--yes'], options), code);
      const { json } = await runJson<ErrorReport>(['install', folder, '--yes'], options);
      expect(json.error.code).toBe(code);
      await expectNothingInstalled();
    },
  );

  it('a path where nothing is, a folder that is no tool, a file of another kind, an address', async () => {
    const install_ = (source: string) => runKami(['install', source, '--yes'], options);
    expectClearError(await install_(join(data.path, 'nowhere')), 'KAMI_FILE_NOT_FOUND');
    await mkdir(join(data.path, 'folder'));
    expectClearError(await install_(join(data.path, 'folder')), 'KAMI_MANIFEST_NOT_FOUND');
    await writeFile(join(data.path, 'notes.txt'), 'notes');
    expectClearError(await install_(join(data.path, 'notes.txt')), 'KAMI_INSTALL_SOURCE_UNKNOWN');
    expectClearError(await install_('https://example.com/tool.zip'), 'KAMI_INSTALL_SOURCE_UNKNOWN');
    await expectNothingInstalled();
  });
});

describe('wrong arguments and names', () => {
  it('say what is wrong with them, and exit with 2 or 1', async () => {
    await using folder = await tempFolder();
    const own = { dataDir: folder.path };
    await installWatTools({ parrot: honestTools.parrot }, own);
    const exec = (...args: string[]) => runKami(['exec', 'test.wat.parrot', ...args], own);
    expectClearError(await exec('--input', '{"text":'), 'KAMI_INPUT_NOT_JSON', 2);
    expectClearError(await exec('--input', '"text"'), 'KAMI_INPUT_INVALID', 2);
    expectClearError(await exec('--input', '{"text":1}'), 'KAMI_INPUT_INVALID', 2);
    expectClearError(await exec('--input', '{}', '--input-file', '-'), 'KAMI_USAGE', 2);
    expectClearError(await exec('--input-file', join(folder.path, 'nowhere')), 'KAMI_FILE_NOT_FOUND');
    expectClearError(await exec('--input-file', folder.path), 'KAMI_FILE_UNREADABLE');
    const large = join(folder.path, 'large.json');
    await writeFile(large, `{"text":"${'x'.repeat(9 * 1024 * 1024)}"}`);
    expectClearError(await exec('--input-file', large), 'KAMI_INPUT_TOO_LARGE', 2);

    const unknown = await runKami(['exec', 'test.wat.parot'], own);
    expectClearError(unknown, 'KAMI_TOOL_NOT_FOUND');
    expect(unknown.stderr).toContain('test.wat.parrot');
    expectClearError(await runKami(['instal', 'x'], own), 'KAMI_USAGE', 2);
    expectClearError(await runKami(['list', '--fitler', 'x'], own), 'KAMI_USAGE', 2);
    expectClearError(
      await runKami(['list', '--config', join(folder.path, 'nowhere.toml')], own),
      'KAMI_FILE_NOT_FOUND',
    );
    await writeFile(join(folder.path, 'broken.toml'), '[runtime\n');
    expectClearError(
      await runKami(['list', '--config', join(folder.path, 'broken.toml')], own),
      'KAMI_CONFIG_INVALID',
    );
    expectClearError(
      await runKami(['list'], { ...own, env: { KAMI_RUNTIME_MAX_CONCURRENT: 'many' } }),
      'KAMI_CONFIG_INVALID',
    );
  });
});

describe('a registry that can not be used', () => {
  let folder: TempFolder;
  let own: { readonly dataDir: string };
  let database: string;

  beforeAll(async () => {
    folder = await tempFolder();
    own = { dataDir: folder.path };
    database = join(folder.path, 'registry.db');
    await installWatTools({ parrot: honestTools.parrot }, own);
    await copyFile(database, join(folder.path, 'sound.db'));
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  /** Runs every command that opens it, with a copy at the same place. */
  async function expectEverywhere(code: string): Promise<void> {
    for (const args of [['list'], ['exec', 'test.wat.parrot'], ['uninstall', 'test.wat.parrot'], ['serve']]) {
      expectClearError(await runKami(args, own), code);
    }
    const { json, exitCode } = await runJson<ErrorReport>(['list'], own);
    expect(json.error.code).toBe(code);
    expect(exitCode).toBe(1);
  }

  async function restore(): Promise<void> {
    await Promise.all(['', '-wal', '-shm'].map((suffix) => rm(database + suffix, { force: true })));
    await copyFile(join(folder.path, 'sound.db'), database);
    expect((await runJson<{ total: number }>(['list'], own)).json.total).toBe(1);
  }

  it('because it is no database says so and leaves it alone', async () => {
    await writeFile(database, 'this is no database, but it is long enough to be looked at '.repeat(100));
    const before = await readFile(database);
    await expectEverywhere('KAMI_REGISTRY_CORRUPT');
    expect(await readFile(database)).toEqual(before);
    await restore();
  });

  it('because it comes from a newer KAMI says so and leaves it alone', async () => {
    const bytes = await readFile(database);
    // user_version: four bytes at 60 of the database header (SQLite, file format 1.3).
    bytes.writeUInt32BE(9_999, 60);
    await writeFile(database, bytes);
    await expectEverywhere('KAMI_REGISTRY_NEWER');
    expect(await readFile(database)).toEqual(bytes);
    await restore();
  });

  it('because another process holds it says so', { timeout: 120_000 }, async () => {
    const holder = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import Database from 'better-sqlite3';
         const db = new Database(process.argv[1]);
         db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
         console.log('held');
         process.stdin.on('end', () => process.exit(0)).resume();`,
        database,
      ],
      { cwd: import.meta.dirname, stdio: ['pipe', 'pipe', 'inherit'] },
    );
    await once(holder.stdout, 'data');
    expectClearError(await runKami(['uninstall', 'test.wat.parrot'], own), 'KAMI_REGISTRY_LOCKED');
    holder.stdin.end();
    await once(holder, 'close');
    expect((await runJson<{ total: number }>(['list'], own)).json.total).toBe(1);
  });

  it('because it may not be written says so', async () => {
    await chmod(database, 0o444);
    await chmod(folder.path, 0o555);
    // Permissions hold for everybody but root.
    const user = process.getuid?.() === 0 ? { uid: 65_534 } : {};
    expectClearError(
      await runKami(['uninstall', 'test.wat.parrot'], { ...own, ...user }),
      'KAMI_REGISTRY_READ_ONLY',
    );
    await chmod(folder.path, 0o700);
    await chmod(database, 0o600);
    await restore();
  });

  it('because a folder stands in its place says so', async () => {
    await Promise.all(['', '-wal', '-shm'].map((suffix) => rm(database + suffix, { force: true })));
    await mkdir(database);
    const run = await runKami(['list'], own);
    expectClearError(run, 'KAMI_FILE_UNREADABLE');
    await rm(database, { recursive: true });
    await restore();
  });
});

describe('a store that was changed behind the back of the registry', () => {
  it('runs nothing of it, says what is damaged, and is mended by installing again', async () => {
    await using folder = await tempFolder();
    const own = { dataDir: folder.path };
    await install(guestFolder('list'), own);
    const [artifact = ''] = (await filesBelow(join(folder.path, 'store'))).filter((file) =>
      file.endsWith('.wasm'),
    );
    const path = join(folder.path, 'store', artifact);
    const bytes = await readFile(path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    await chmod(path, 0o600);
    await writeFile(path, bytes);
    await rm(join(folder.path, 'cache'), { recursive: true });

    const call = ['exec', 'test.kami.list', '--input', '{"to":2}'];
    expectClearError(await runKami(call, own), 'KAMI_STORE_DAMAGED');
    await install(guestFolder('list'), own);
    expect((await runKami(call, own)).stdout).toBe('[1,2]\n');
  });

  it('makes a runnable form anew that was damaged', async () => {
    await using folder = await tempFolder();
    const own = { dataDir: folder.path };
    await installWatTools({ parrot: honestTools.parrot }, own);
    const cache = join(folder.path, 'cache');
    for (const file of await filesBelow(cache))
      await writeFile(join(cache, file), 'throw new Error("planted")');
    const run = await runKami(['exec', 'test.wat.parrot', '--input', '{"text":"x"}'], own);
    expect(run).toMatchObject({ exitCode: 0, stdout: '{"text":"x","times":1}\n' });
  });
});
