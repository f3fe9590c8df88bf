import { describe, expect, it } from 'vitest';
import type { Surroundings } from '../config/locations.ts';
import {
  type ClientId,
  clientFile,
  clientIds,
  clients,
  findClient,
  type Scope,
  scopesOf,
} from './clients.ts';

const linux: Surroundings = { platform: 'linux', homeDir: '/home/ada', cwd: '/work', env: {} };
const mac: Surroundings = { platform: 'darwin', homeDir: '/Users/ada', cwd: '/work', env: {} };
const windows: Surroundings = {
  platform: 'win32',
  homeDir: 'C:\\Users\\ada',
  cwd: 'D:\\work',
  env: { APPDATA: 'C:\\Users\\ada\\AppData\\Roaming', LOCALAPPDATA: 'C:\\Users\\ada\\AppData\\Local' },
};
const fileOf = (id: ClientId, scope: Scope, around: Surroundings, folders: readonly string[] = []) =>
  clientFile(findClient(id), scope, around, (path) => folders.includes(path));

describe('the file of a client', () => {
  it.each<[ClientId, string, string, string]>([
    [
      'claude-desktop',
      '/home/ada/.config/Claude/claude_desktop_config.json',
      '/Users/ada/Library/Application Support/Claude/claude_desktop_config.json',
      'C:\\Users\\ada\\AppData\\Roaming\\Claude\\claude_desktop_config.json',
    ],
    ['claude-code', '/home/ada/.claude.json', '/Users/ada/.claude.json', 'C:\\Users\\ada\\.claude.json'],
    [
      'cursor',
      '/home/ada/.cursor/mcp.json',
      '/Users/ada/.cursor/mcp.json',
      'C:\\Users\\ada\\.cursor\\mcp.json',
    ],
    [
      'vscode',
      '/home/ada/.config/Code/User/mcp.json',
      '/Users/ada/Library/Application Support/Code/User/mcp.json',
      'C:\\Users\\ada\\AppData\\Roaming\\Code\\User\\mcp.json',
    ],
    [
      'windsurf',
      '/home/ada/.codeium/windsurf/mcp_config.json',
      '/Users/ada/.codeium/windsurf/mcp_config.json',
      'C:\\Users\\ada\\.codeium\\windsurf\\mcp_config.json',
    ],
    [
      'zed',
      '/home/ada/.config/zed/settings.json',
      '/Users/ada/.config/zed/settings.json',
      'C:\\Users\\ada\\AppData\\Roaming\\Zed\\settings.json',
    ],
    [
      'codex',
      '/home/ada/.codex/config.toml',
      '/Users/ada/.codex/config.toml',
      'C:\\Users\\ada\\.codex\\config.toml',
    ],
  ])('%s, of a user', (id, onLinux, onMac, onWindows) => {
    expect([linux, mac, windows].map((around) => fileOf(id, 'user', around))).toEqual([
      onLinux,
      onMac,
      onWindows,
    ]);
  });

  it.each<[ClientId, string | undefined]>([
    ['claude-desktop', undefined],
    ['claude-code', '.mcp.json'],
    ['cursor', '.cursor/mcp.json'],
    ['vscode', '.vscode/mcp.json'],
    ['windsurf', undefined],
    ['zed', '.zed/settings.json'],
    ['codex', '.codex/config.toml'],
  ])('%s, of a project', (id, path) => {
    expect(fileOf(id, 'project', linux)).toBe(path === undefined ? undefined : `/work/${path}`);
    expect(fileOf(id, 'project', windows)).toBe(
      path === undefined ? undefined : `D:\\work\\${path.replaceAll('/', '\\')}`,
    );
  });

  it('is where variables of the platform and of the client say', () => {
    const env = { XDG_CONFIG_HOME: '/cfg', CODEX_HOME: '/codex', CLAUDE_CONFIG_DIR: '/claude' };
    const around = { ...linux, env };
    expect(fileOf('vscode', 'user', around)).toBe('/cfg/Code/User/mcp.json');
    expect(fileOf('zed', 'user', around)).toBe('/cfg/zed/settings.json');
    expect(fileOf('codex', 'user', around)).toBe('/codex/config.toml');
    expect(fileOf('claude-code', 'user', around)).toBe('/claude/.claude.json');
    expect(fileOf('zed', 'user', { ...mac, env })).toBe('/Users/ada/.config/zed/settings.json');
    expect(fileOf('codex', 'user', { ...linux, env: { CODEX_HOME: 'relative' } })).toBe(
      '/home/ada/.codex/config.toml',
    );
    expect(fileOf('claude-desktop', 'user', { ...windows, env: {} })).toBe(
      'C:\\Users\\ada\\AppData\\Roaming\\Claude\\claude_desktop_config.json',
    );
  });

  it('is in the folder of the packaged app, where Claude Desktop was installed as one', () => {
    const folder = 'C:\\Users\\ada\\AppData\\Local\\Packages\\Claude_pzs8sxrjxfjjc';
    expect(fileOf('claude-desktop', 'user', windows, [folder])).toBe(
      `${folder}\\LocalCache\\Roaming\\Claude\\claude_desktop_config.json`,
    );
  });
});

it('every client is in the table once, and has a scope for its user first', () => {
  expect(clients.map(({ id }) => id)).toEqual([...clientIds]);
  for (const client of clients) expect(scopesOf(client)[0]).toBe('user');
});
