import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempFolder } from '../../test/fixtures/temp-folder.ts';
import { loadConfig } from '../config/load-config.ts';
import type { Surroundings } from '../config/locations.ts';
import { readEntry, serveEntry, startsKami } from './server-entry.ts';

const surroundings: Surroundings = { platform: 'linux', homeDir: '/home/ada', cwd: '/', env: {} };
const entryOf = (options: Parameters<typeof loadConfig>[0] = {}, profile?: string) =>
  serveEntry({
    node: '/n',
    bin: '/k',
    config: loadConfig({ platform: 'linux', homeDir: '/home/ada', cwd: '/', env: {}, ...options }),
    profile,
    surroundings,
  }).args;

describe('the entry that KAMI writes', () => {
  it('names the registry even where it is the default one', () => {
    expect(entryOf()).toEqual([
      ...['/k', 'serve'],
      ...['--data-dir', '/home/ada/.local/share/kami', '--db', '/home/ada/.local/share/kami/registry.db'],
    ]);
  });

  it('names what a variable or a flag of this shell says, which a client does not pass on', () => {
    expect(entryOf({ env: { KAMI_DATA_DIR: '/d' } })).toEqual([
      '/k',
      'serve',
      '--data-dir',
      '/d',
      '--db',
      '/d/registry.db',
    ]);
    expect(entryOf({ flags: { db: '/x.db' } }).slice(-2)).toEqual(['--db', '/x.db']);
    expect(entryOf({ env: { XDG_DATA_HOME: '/xdg' } })).toContain('/xdg/kami');
  });

  it('names a configuration file that KAMI would not find by itself', async () => {
    await using folder = await tempFolder();
    const file = join(folder.path, 'kami.toml');
    await writeFile(file, '[runtime]\nmax_concurrent = 2\n');
    expect(entryOf({ cwd: folder.path })).toEqual(expect.arrayContaining(['--config', file]));
  });

  it('has the profile', () => {
    expect(entryOf({}, 'work').slice(0, 4)).toEqual(['/k', 'serve', '--profile', 'work']);
  });
});

describe('an entry that starts KAMI', () => {
  it.each([
    { command: 'kami', args: ['serve'] },
    { command: '/usr/bin/kami', args: ['--verbose', 'serve'] },
    { command: 'C:\\npm\\kami.cmd', args: ['serve'] },
    { command: '/usr/bin/node', args: ['/lib/kami-host/bin/kami.js', 'serve', '--db', 'x'] },
    { command: 'npx', args: ['-y', 'kami-host@latest', 'serve'] },
    { command: { path: 'kami', args: ['serve'] } },
  ])('is %j', (value) => {
    const entry = readEntry(value);
    expect(entry !== undefined && startsKami(entry)).toBe(true);
  });

  it.each([
    { command: 'kami', args: ['list'] },
    { command: 'serve', args: ['kami'] },
    { command: 'node', args: ['/srv/kami-like/serve.js', 'serve'] },
    { command: 'origami', args: ['serve'] },
    { url: 'https://kami.example/serve' },
    { command: 'kami', args: 'serve' },
    null,
    [],
    'kami serve',
  ])('is not %j', (value) => {
    const entry = readEntry(value);
    expect(entry !== undefined && startsKami(entry)).toBe(false);
  });
});
