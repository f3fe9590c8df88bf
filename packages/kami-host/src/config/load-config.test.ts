import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isKamiError, type KamiError } from '../errors/kami-error.ts';
import type { Config, ConfigKey } from './config.ts';
import { configKeyNames } from './config-keys.ts';
import { type LoadConfigOptions, loadConfig } from './load-config.ts';

let home = '';
let cwd = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'kami-config-'));
  cwd = join(home, 'work');
  mkdirSync(cwd);
});
afterEach(() => rmSync(home, { recursive: true }));

function write(path: string, text: string): string {
  const file = join(home, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

function load(options: LoadConfigOptions = {}): Config {
  return loadConfig({ flags: {}, env: {}, cwd, platform: 'linux', homeDir: home, cores: 2, ...options });
}

function failure(options: LoadConfigOptions = {}): KamiError {
  try {
    load(options);
  } catch (error) {
    if (isKamiError(error)) return error;
    throw error;
  }
  throw new Error('It should have been refused');
}

function entry(config: Config, key: ConfigKey) {
  const found = config.entries.find((candidate) => candidate.key === key);
  if (found === undefined) throw new Error(`There should be an entry ${key}`);
  return { value: found.value, source: found.source };
}

test('the defaults', () => {
  const config = load();
  expect(config.values).toEqual({
    dataDir: join(home, '.local/share/kami'),
    runtime: {
      maxConcurrent: 32,
      maxComputing: 4,
      maxQueued: 256,
      poolSize: 2,
      maxCells: 8,
      defaultTimeoutSecs: 5,
      defaultCallsPerMinute: 600,
      callsPerMinute: 6_000,
      isolation: 'cell',
      cellSharing: 'per-publisher',
      cacheSize: 32,
    },
    sandbox: { defaultMaxMemoryMb: 64, defaultMaxFuel: 10_000_000_000, defaultMaxRequests: 8 },
    registry: { databasePath: join(home, '.local/share/kami/registry.db') },
    http: {
      host: '127.0.0.1',
      port: 8_642,
      allowedHosts: undefined,
      allowedOrigins: undefined,
      tokenFile: undefined,
      publicUrl: undefined,
      issuer: undefined,
      audience: undefined,
      requiredScopes: undefined,
      maxConnections: 1_024,
      drainSecs: 10,
    },
    logging: { level: 'warn', format: 'plain' },
  });
  expect(config.entries.map(({ key }) => key)).toEqual(configKeyNames);
  expect(config.entries.every(({ source }) => source.kind === 'default')).toBe(true);
  expect(config.file).toBeUndefined();
  expect(config.warnings).toEqual([]);
  expect(load({ cores: 16 }).values.runtime.maxComputing).toBe(32);
});

test('flags stand above variables, these above the file, that above defaults; each value knows its source', () => {
  const path = write(
    '.config/kami/config.toml',
    '[runtime]\npool_size = 1\ncache_size = 11\nmax_concurrent = 21\n\n[logging]\nformat = "json"\n',
  );
  const config = load({
    env: { KAMI_RUNTIME_CACHE_SIZE: '12', KAMI_RUNTIME_MAX_CONCURRENT: '22' },
    flags: { concurrency: 23 },
  });
  expect(entry(config, 'runtime.default_timeout_secs')).toEqual({ value: 5, source: { kind: 'default' } });
  expect(entry(config, 'runtime.pool_size')).toEqual({ value: 1, source: { kind: 'file', path, line: 2 } });
  expect(entry(config, 'logging.format')).toEqual({ value: 'json', source: { kind: 'file', path, line: 7 } });
  expect(entry(config, 'runtime.cache_size')).toEqual({
    value: 12,
    source: { kind: 'environment', name: 'KAMI_RUNTIME_CACHE_SIZE' },
  });
  expect(entry(config, 'runtime.max_concurrent')).toEqual({
    value: 23,
    source: { kind: 'flag', name: '--concurrency' },
  });
  expect(config.values.runtime).toEqual({
    maxConcurrent: 23,
    maxComputing: 4,
    maxQueued: 256,
    poolSize: 1,
    maxCells: 8,
    defaultTimeoutSecs: 5,
    defaultCallsPerMinute: 600,
    callsPerMinute: 6_000,
    isolation: 'cell',
    cellSharing: 'per-publisher',
    cacheSize: 12,
  });
  expect(config.file).toBe(path);
});

test('every setting can be made in a file', () => {
  write(
    'work/kami.toml',
    `data_dir = "data"
[runtime]
max_concurrent = 1
max_computing = 2
max_queued = 9
pool_size = 0
max_cells = 10
default_timeout_secs = 0.5
default_calls_per_minute = 6
calls_per_minute = 60
isolation = "thread"
cell_sharing = "shared"
cache_size = 3
[sandbox]
default_max_memory_mb = 4
default_max_fuel = 5
default_max_requests = 7
[registry]
database_path = "~/other.db"
[http]
host = "::1"
port = 0
allowed_hosts = "a.example, b.example"
allowed_origins = "https://c.example"
token_file = "token"
public_url = "https://a.example/mcp"
issuer = "https://login.example"
audience = "kami"
required_scopes = "mcp tools"
max_connections = 8
drain_secs = 0.5
[logging]
level = "silent"
format = "json"
`,
  );
  const config = load();
  expect(config.values).toEqual({
    dataDir: join(cwd, 'data'),
    runtime: {
      maxConcurrent: 1,
      maxComputing: 2,
      maxQueued: 9,
      poolSize: 0,
      maxCells: 10,
      defaultTimeoutSecs: 0.5,
      defaultCallsPerMinute: 6,
      callsPerMinute: 60,
      isolation: 'thread',
      cellSharing: 'shared',
      cacheSize: 3,
    },
    sandbox: { defaultMaxMemoryMb: 4, defaultMaxFuel: 5, defaultMaxRequests: 7 },
    registry: { databasePath: join(home, 'other.db') },
    http: {
      host: '::1',
      port: 0,
      allowedHosts: 'a.example, b.example',
      allowedOrigins: 'https://c.example',
      tokenFile: join(cwd, 'token'),
      publicUrl: 'https://a.example/mcp',
      issuer: 'https://login.example',
      audience: 'kami',
      requiredScopes: 'mcp tools',
      maxConnections: 8,
      drainSecs: 0.5,
    },
    logging: { level: 'silent', format: 'json' },
  });
  expect(config.entries.every(({ source }) => source.kind === 'file')).toBe(true);
});

test('every setting can be made by a variable', () => {
  const env = {
    KAMI_DATA_DIR: 'data',
    KAMI_RUNTIME_MAX_CONCURRENT: '1',
    KAMI_RUNTIME_MAX_COMPUTING: '2',
    KAMI_RUNTIME_MAX_QUEUED: '9',
    KAMI_RUNTIME_POOL_SIZE: '0',
    KAMI_RUNTIME_MAX_CELLS: '10',
    KAMI_RUNTIME_DEFAULT_TIMEOUT_SECS: '0.5',
    KAMI_RUNTIME_DEFAULT_CALLS_PER_MINUTE: '6',
    KAMI_RUNTIME_CALLS_PER_MINUTE: '60',
    KAMI_RUNTIME_ISOLATION: 'thread',
    KAMI_RUNTIME_CELL_SHARING: 'per-tool',
    KAMI_RUNTIME_CACHE_SIZE: ' 3 ',
    KAMI_SANDBOX_DEFAULT_MAX_MEMORY_MB: '4',
    KAMI_SANDBOX_DEFAULT_MAX_FUEL: '5_000_000_000',
    KAMI_SANDBOX_DEFAULT_MAX_REQUESTS: '7',
    KAMI_REGISTRY_DATABASE_PATH: '/var/kami.db',
    KAMI_HTTP_HOST: 'localhost',
    KAMI_HTTP_PORT: '8080',
    KAMI_HTTP_ALLOWED_HOSTS: 'a.example',
    KAMI_HTTP_ALLOWED_ORIGINS: 'https://c.example',
    KAMI_HTTP_TOKEN_FILE: 'token',
    KAMI_HTTP_PUBLIC_URL: 'https://a.example/mcp',
    KAMI_HTTP_ISSUER: 'https://login.example',
    KAMI_HTTP_AUDIENCE: 'kami',
    KAMI_HTTP_REQUIRED_SCOPES: 'mcp',
    KAMI_HTTP_MAX_CONNECTIONS: '8',
    KAMI_HTTP_DRAIN_SECS: '0',
    KAMI_LOGGING_LEVEL: 'trace',
    KAMI_LOGGING_FORMAT: 'json',
  };
  const config = load({ env });
  expect(config.values).toMatchObject({
    dataDir: join(cwd, 'data'),
    sandbox: { defaultMaxMemoryMb: 4, defaultMaxFuel: 5_000_000_000 },
    registry: { databasePath: '/var/kami.db' },
  });
  expect(config.entries.map(({ source }) => source)).toEqual(
    Object.keys(env).map((name) => ({ kind: 'environment', name })),
  );
  expect(config.entries.map(({ environment }) => environment)).toEqual(Object.keys(env));
});

test('flags are taken by their name or in camel case, in their own units', () => {
  const flags = {
    dataDir: 'd',
    'cache-size': '7',
    'timeout-ms': 250,
    'max-memory-mb': 128,
    db: ['first.db', './last.db'],
    verbose: 2,
    logFormat: 'json',
    json: true,
    unrelated: 'x',
  };
  const config = load({ flags });
  expect(config.values).toMatchObject({
    dataDir: join(cwd, 'd'),
    runtime: { cacheSize: 7, defaultTimeoutSecs: 0.25 },
    sandbox: { defaultMaxMemoryMb: 128 },
    registry: { databasePath: join(cwd, 'last.db') },
    logging: { level: 'debug', format: 'json' },
  });
});

test.each([
  [0, 'warn'],
  [1, 'info'],
  [true, 'info'],
  [2, 'debug'],
  [3, 'trace'],
  [9, 'trace'],
  [undefined, 'warn'],
])('--verbose %s logs from %s', (verbose, level) => {
  expect(load({ flags: { verbose } }).values.logging.level).toBe(level);
});

test('without --verbose the level of the file holds', () => {
  write('work/kami.toml', 'logging.level = "error"');
  expect(load({ flags: { verbose: 0 } }).values.logging.level).toBe('error');
});

test('the file is that of --config, else of KAMI_CONFIG, else of the platform, else ./kami.toml', () => {
  const size = (options: LoadConfigOptions) => load(options).values.runtime.cacheSize;
  const text = (value: number) => `[runtime]\ncache_size = ${value}\n`;
  write('work/kami.toml', text(1));
  expect(size({})).toBe(1);
  write('.config/kami/config.toml', text(2));
  expect(size({})).toBe(2);
  write('xdg/kami/config.toml', text(3));
  expect(size({ env: { XDG_CONFIG_HOME: join(home, 'xdg') } })).toBe(3);
  expect(size({ env: { XDG_CONFIG_HOME: 'xdg' } })).toBe(2);
  write('work/sub/variable.toml', text(4));
  expect(size({ env: { KAMI_CONFIG: 'sub/variable.toml' } })).toBe(4);
  expect(size({ env: { KAMI_CONFIG: '' } })).toBe(2);
  write('flag.toml', text(5));
  expect(size({ env: { KAMI_CONFIG: 'sub/variable.toml' }, flags: { config: '~/flag.toml' } })).toBe(5);
});

test('relative paths in a file are below its folder, in variables and flags below the working directory', () => {
  const config = write('etc/kami.toml', 'data_dir = "data"\n[registry]\ndatabase_path = "../reg.db"\n');
  expect(load({ flags: { config } }).values).toMatchObject({
    dataDir: join(home, 'etc/data'),
    registry: { databasePath: join(home, 'reg.db') },
  });
  expect(load({ flags: { config }, env: { KAMI_DATA_DIR: 'data' } }).values.dataDir).toBe(join(cwd, 'data'));
});

test('the database moves with the data folder', () => {
  const config = load({ env: { KAMI_DATA_DIR: '/srv/kami' } });
  expect(entry(config, 'registry.database_path')).toEqual({
    value: '/srv/kami/registry.db',
    source: { kind: 'default' },
  });
});

test.each<[NodeJS.Platform, Record<string, string>, string, string]>([
  ['linux', {}, '/home/a', '/home/a/.local/share/kami'],
  ['linux', { XDG_DATA_HOME: '/x' }, '/home/a', '/x/kami'],
  ['linux', { XDG_DATA_HOME: 'relative' }, '/home/a', '/home/a/.local/share/kami'],
  ['darwin', { XDG_DATA_HOME: '/x' }, '/Users/a', '/Users/a/Library/Application Support/kami'],
  ['win32', { LOCALAPPDATA: 'D:\\Local' }, 'C:\\Users\\a', 'D:\\Local\\kami\\data'],
  ['win32', {}, 'C:\\Users\\a', 'C:\\Users\\a\\AppData\\Local\\kami\\data'],
])('on %s with %j the data folder of %s is %s', (platform, env, homeDir, dataDir) => {
  expect(load({ platform, env, homeDir }).values.dataDir).toBe(dataDir);
});

test.each([
  ['[runtime]\npool_size = -1', 2, 'Change line 2 to: pool_size = 2'],
  ['[runtime]\nmax_concurrent = 0', 2, 'Change line 2 to: max_concurrent = 32'],
  ['[runtime]\n\ndefault_timeout_secs = 0', 3, 'Change line 3 to: default_timeout_secs = 5'],
  ['[sandbox]\ndefault_max_fuel = "1"', 2, 'Change line 2 to: default_max_fuel = 10000000000'],
  ['[logging]\nlevel = "warning"', 2, 'Change line 2 to: level = "warn"'],
  ['[logging]\nformat = 1979-05-27', 2, 'Change line 2 to: format = "plain"'],
  ['[runtime]\nmaxConcurrent = 8', 2, 'Change line 2 to: max_concurrent = 8'],
  ['[runtime]\nlevel = "info"', 2, 'Move line 2 to [logging], as: level = …'],
  ['pool_size = 3', 1, 'Move line 1 to [runtime], as: pool_size = …'],
  ['[runtme]\npool_size = 3', 1, 'Change line 1 to: [runtime]'],
  [
    '[unknown]\nx = 1',
    1,
    'Remove line 1; known at the top of the file: data_dir, runtime, sandbox, registry, http, logging, profiles.',
  ],
  ['data_dir = 5', 1, 'Change line 1 to: data_dir = "5"'],
  ['runtime = 5', 1, 'Correct runtime on line 1.'],
  ['[logging]\nlevel = info', 2, 'If this is a text, change line 2 to: level = "info"'],
])('%j is refused at its line', (text, line, fix) => {
  const path = write('work/kami.toml', text);
  const error = failure();
  expect(error.code).toBe('KAMI_CONFIG_INVALID');
  expect(error.fix).toBe(fix);
  expect(error.message).toContain(`${path}:${line}`);
  expect(error.data).toMatchObject({ problems: [{ line }] });
});

test('a wrong variable or flag is named, with a right value', () => {
  expect(failure({ env: { KAMI_RUNTIME_POOL_SIZE: 'many' } })).toMatchObject({
    code: 'KAMI_CONFIG_INVALID',
    message:
      'KAMI_RUNTIME_POOL_SIZE: runtime.pool_size is the text "many", but it must be a whole number from 0 to 256.',
    fix: 'export KAMI_RUNTIME_POOL_SIZE=2',
  });
  expect(failure({ flags: { concurrency: Number.NaN } })).toMatchObject({ fix: '--concurrency 32' });
  expect(failure({ flags: { 'timeout-ms': 0 } })).toMatchObject({ fix: '--timeout-ms 5000' });
  expect(failure({ flags: { logFormat: 'jsn' } })).toMatchObject({ fix: '--log-format json' });
  expect(failure({ env: { KAMI_LOGGING_LEVEL: 'a\u001b[31m' } }).message).not.toContain('\u001b');
});

test('all that is wrong in all layers is told at once', () => {
  write('work/kami.toml', '[runtime]\npool_size = -1\ncache_size = 0\n');
  const error = failure({ env: { KAMI_LOGGING_LEVEL: 'loud' }, flags: { concurrency: 0 } });
  expect(error.data).toMatchObject({ count: 4 });
  expect(error.message.split('\n')).toHaveLength(5);
});

test('a named configuration file must be there', () => {
  expect(failure({ flags: { config: 'no.toml' } })).toMatchObject({
    code: 'KAMI_FILE_NOT_FOUND',
    message: expect.stringContaining('--config'),
  });
  expect(failure({ env: { KAMI_CONFIG: 'no.toml' } })).toMatchObject({
    code: 'KAMI_FILE_NOT_FOUND',
    message: expect.stringContaining('KAMI_CONFIG'),
  });
  expect(failure({ flags: { config: cwd } })).toMatchObject({ code: 'KAMI_FILE_UNREADABLE' });
});

test('a file in another encoding or too large is refused', () => {
  const path = write('work/kami.toml', '');
  writeFileSync(path, Buffer.from('a = "ä"', 'latin1'));
  expect(failure().message).toMatch(/Line 1 is not valid UTF-8/);
  writeFileSync(path, `# ${'x'.repeat(300_000)}`);
  expect(failure().message).toMatch(/at most 262144/);
});

test('a misspelt variable is a warning, a foreign one is nothing', () => {
  const env = {
    KAMI_RUNTIME_MAX_CONCURENT: '9',
    KAMI_DATADIR: '/x',
    KAMI_HTTP_TOKEN: 'no setting, and no slip',
    KAMI_SOMETHING_ELSE_ENTIRELY: '1',
    KAMIKAZE: '1',
  };
  expect(load({ env }).warnings.map(({ fix }) => fix)).toEqual([
    'Did you mean KAMI_RUNTIME_MAX_CONCURRENT?',
    'Did you mean KAMI_DATA_DIR?',
  ]);
});

test('the configuration can not be changed', () => {
  const config = load();
  const visit = (value: unknown): boolean =>
    typeof value !== 'object' ||
    value === null ||
    (Object.isFrozen(value) && Object.values(value).every(visit));
  expect(visit(config)).toBe(true);
});

test('every setting says what it does', () => {
  for (const { description } of load().entries) expect(description).toMatch(/^.{40,}\.$/);
});

describe('profiles', () => {
  const profiles = (text: string) => {
    write('work/kami.toml', text);
    return load().profiles;
  };

  test('are read with all their keys, and frozen', () => {
    const [work, empty] = profiles(`[profiles.work]
only = ["dev.kami.echo", "dev_kami_http-fetch", "com.example.*"]
except = ["com.example.loud"]

[profiles.work.aliases]
fetch = "dev.kami.http-fetch"

[profiles.work.grants]
"dev.kami.http-fetch" = ["net=api.example.com", "memory=32"]
"dev.kami.echo" = []

[profiles.empty]
`);
    expect(work).toMatchObject({
      name: 'work',
      line: 1,
      only: ['dev.kami.echo', 'dev_kami_http-fetch', 'com.example.*'],
      except: ['com.example.loud'],
      aliases: [{ name: 'fetch', tool: 'dev.kami.http-fetch' }],
      grants: [
        {
          tool: 'dev.kami.http-fetch',
          ceiling: { network: ['api.example.com'], limits: { maxMemoryMb: 32 }, fileSystem: 'none' },
        },
        { tool: 'dev.kami.echo', ceiling: { network: [] } },
      ],
    });
    expect(empty).toEqual({ name: 'empty', line: 12, only: undefined, except: [], aliases: [], grants: [] });
    const isDeeplyFrozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen));
    expect(isDeeplyFrozen(load())).toBe(true);
    expect(load({ flags: { config: write('other.toml', '') } }).profiles).toEqual([]);
  });

  test.each([
    ['[profiles.work]\nonyl = []', 2, 'Change line 2 to: only = []'],
    ['[profiles.work]\nonly = "dev.kami.echo"', 2, 'Change line 2 to: only = ["dev.kami.echo"]'],
    ['[profiles.work]\nexcept = ["*"]', 2, 'Write element 1 of except on line 2 as: "com.example.my-tool"'],
    ['[profiles."no name"]\nonly = []', 1, 'A name has 1 to 64 characters: a-z, A-Z, 0-9, _ and -.'],
    [
      '[profiles.w.aliases]\n"a.b" = "dev.kami.echo"',
      2,
      'A name has 1 to 64 characters: a-z, A-Z, 0-9, _ and -.',
    ],
    ['[profiles.w.aliases]\na = "echo"', 2, 'Change line 2 to: a = "com.example.my-tool"'],
    ['[profiles.w.aliases]\na = "dev.kami.echo"\nb = "dev.kami.echo"', 3, 'Keep one of the two lines.'],
    ['[profiles.w.grants]\n"dev.kami.echo" = ["net="]', 2, 'Write it as net=api.example.com'],
    [
      '[profiles.w.grants]\ndev.kami.echo = ["net=a.example"]',
      2,
      expect.stringContaining('Write the id in quotes'),
    ],
    ['[profile.work]\nonly = []', 1, 'Rename "profile" on line 1 to profiles.'],
    ['only = []', 1, 'Move line 1 to [profiles.<name>], as: only = …'],
    ['profiles = 5', 1, 'Correct profiles on line 1.'],
    ['[profiles]\nwork = 5', 2, 'Correct work on line 2.'],
  ])('%j is refused at its line', (text, line, fix) => {
    const path = write('work/kami.toml', text);
    const error = failure();
    expect(error.code).toBe('KAMI_CONFIG_INVALID');
    expect({ message: error.message, fix: error.fix }).toEqual({
      message: expect.stringContaining(`${path}:${line}:`),
      fix,
    });
  });
});
