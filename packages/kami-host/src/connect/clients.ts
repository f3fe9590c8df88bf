import { existsSync } from 'node:fs';
import { pathsOf, type Surroundings } from '../config/locations.ts';

export const clientIds = [
  'claude-desktop',
  'claude-code',
  'cursor',
  'vscode',
  'windsurf',
  'zed',
  'codex',
] as const;

/** An MCP client whose configuration KAMI knows, as the command line names it. */
export type ClientId = (typeof clientIds)[number];

/** `user`: for all that this user opens. `project`: a file in the project's folder. */
export type Scope = 'user' | 'project';

/** Where a client may look. The first place holds that has no `ifThere`, or whose `ifThere` exists. */
export interface ClientPlace {
  /** Absolute. */
  readonly file: string;
  /** A folder that tells that the client looks here. */
  readonly ifThere?: string;
}

/** What KAMI knows of an MCP client. */
export interface McpClient {
  readonly id: ClientId;
  /** As people call it. */
  readonly title: string;
  readonly format: 'json' | 'toml';
  /** Name of the table that has an entry for each server. */
  readonly serversKey: string;
  /** What an entry has beside `command` and `args`. */
  readonly entryFields: Readonly<Record<string, string>>;
  /** A pure function of its argument for each scope that the client has. */
  readonly places: Readonly<Partial<Record<Scope, (surroundings: Surroundings) => readonly ClientPlace[]>>>;
  /** What a person does for the change to take effect. */
  readonly next: string;
  /** Characters that the names of server and tool may have together; undefined when no bound is known. */
  readonly maxJointName: number | undefined;
}

const stdio = { type: 'stdio' } as const;

/** Paths and keys as the documentation of each client gives them, in the order of `clientIds`. */
export const clients: readonly McpClient[] = [
  {
    id: 'claude-desktop',
    title: 'Claude Desktop',
    format: 'json',
    serversKey: 'mcpServers',
    entryFields: {},
    places: { user: claudeDesktop },
    next: 'Quit Claude Desktop completely and start it again.',
    maxJointName: undefined,
  },
  {
    id: 'claude-code',
    title: 'Claude Code',
    format: 'json',
    serversKey: 'mcpServers',
    entryFields: stdio,
    places: {
      user: (around) => [{ file: inFolder(around, homeOr('CLAUDE_CONFIG_DIR', around), '.claude.json') }],
      project: inProject('.mcp.json'),
    },
    next: 'Start a new session of Claude Code; /mcp lists the servers in it.',
    maxJointName: undefined,
  },
  {
    id: 'cursor',
    title: 'Cursor',
    format: 'json',
    serversKey: 'mcpServers',
    entryFields: stdio,
    places: { user: inHome('.cursor', 'mcp.json'), project: inProject('.cursor', 'mcp.json') },
    next: 'Restart Cursor, and switch the server on in its MCP settings if it is off.',
    // Cursor leaves tools out whose joint name is longer.
    maxJointName: 60,
  },
  {
    id: 'vscode',
    title: 'VS Code',
    format: 'json',
    serversKey: 'servers',
    entryFields: stdio,
    places: {
      user: (around) => [{ file: inFolder(around, settingsFolder(around), 'Code', 'User', 'mcp.json') }],
      project: inProject('.vscode', 'mcp.json'),
    },
    next: 'Run "MCP: List Servers" in VS Code, choose the server and start it.',
    maxJointName: undefined,
  },
  {
    id: 'windsurf',
    title: 'Windsurf',
    format: 'json',
    serversKey: 'mcpServers',
    entryFields: {},
    places: { user: inHome('.codeium', 'windsurf', 'mcp_config.json') },
    next: 'Press Refresh in the MCP settings of Windsurf, or restart it.',
    maxJointName: undefined,
  },
  {
    id: 'zed',
    title: 'Zed',
    format: 'json',
    serversKey: 'context_servers',
    entryFields: {},
    places: {
      user: (around) => [{ file: inFolder(around, zedFolder(around), 'settings.json') }],
      project: inProject('.zed', 'settings.json'),
    },
    next: 'Zed starts the server by itself; the settings of its agent panel show whether it runs.',
    maxJointName: undefined,
  },
  {
    id: 'codex',
    title: 'Codex',
    format: 'toml',
    serversKey: 'mcp_servers',
    entryFields: {},
    places: {
      user: (around) => [{ file: inFolder(around, homeOr('CODEX_HOME', around, '.codex'), 'config.toml') }],
      project: inProject('.codex', 'config.toml'),
    },
    next: 'Start a new session of Codex; /mcp lists the servers in it. It reads files of projects that you trust only.',
    maxJointName: undefined,
  },
];

export function findClient(id: ClientId): McpClient {
  const client = clients.find((candidate) => candidate.id === id);
  if (client === undefined) throw new RangeError(`no client is called ${id}`);
  return client;
}

/** The scopes of a client; the first is the one to take when none is named. */
export function scopesOf({ places }: McpClient): readonly Scope[] {
  return (['user', 'project'] as const).filter((scope) => places[scope] !== undefined);
}

/**
 * The file in which a client keeps its servers, whether it exists or not; undefined when the client has no such
 * scope. A project's file is below the working directory.
 * @param exists how to find out whether a folder is there
 */
export function clientFile(
  { places }: McpClient,
  scope: Scope,
  surroundings: Surroundings,
  exists: (path: string) => boolean = existsSync,
): string | undefined {
  return places[scope]?.(surroundings).find(({ ifThere }) => ifThere === undefined || exists(ifThere))?.file;
}

function claudeDesktop(around: Surroundings): readonly ClientPlace[] {
  const file = inFolder(around, settingsFolder(around), 'Claude', 'claude_desktop_config.json');
  if (around.platform !== 'win32') return [{ file }];
  // As a packaged app it sees a folder of its own in the place of %APPDATA%.
  const local = absoluteOf('LOCALAPPDATA', around) ?? inFolder(around, around.homeDir, 'AppData', 'Local');
  const ifThere = inFolder(around, local, 'Packages', 'Claude_pzs8sxrjxfjjc');
  const packaged = ['LocalCache', 'Roaming', 'Claude', 'claude_desktop_config.json'];
  return [{ file: inFolder(around, ifThere, ...packaged), ifThere }, { file }];
}

/** Where programs of a desktop keep their settings. */
function settingsFolder(around: Surroundings): string {
  const { platform, homeDir } = around;
  if (platform === 'win32') {
    return absoluteOf('APPDATA', around) ?? inFolder(around, homeDir, 'AppData', 'Roaming');
  }
  if (platform === 'darwin') return inFolder(around, homeDir, 'Library', 'Application Support');
  return absoluteOf('XDG_CONFIG_HOME', around) ?? inFolder(around, homeDir, '.config');
}

/** Zed keeps to ~/.config on macOS, too. */
function zedFolder(around: Surroundings): string {
  const { platform, homeDir } = around;
  if (platform === 'win32') return inFolder(around, settingsFolder(around), 'Zed');
  if (platform === 'darwin') return inFolder(around, homeDir, '.config', 'zed');
  return inFolder(around, settingsFolder(around), 'zed');
}

/** The folder that a variable names, else one in the home folder. */
function homeOr(variable: string, around: Surroundings, ...names: string[]): string {
  return absoluteOf(variable, around) ?? inFolder(around, around.homeDir, ...names);
}

function inHome(...names: string[]): (around: Surroundings) => readonly ClientPlace[] {
  return (around) => [{ file: inFolder(around, around.homeDir, ...names) }];
}

function inProject(...names: string[]): (around: Surroundings) => readonly ClientPlace[] {
  return (around) => [{ file: inFolder(around, around.cwd, ...names) }];
}

function inFolder({ platform }: Surroundings, folder: string, ...names: string[]): string {
  return pathsOf(platform).join(folder, ...names);
}

function absoluteOf(variable: string, { env, platform }: Surroundings): string | undefined {
  const value = env[variable];
  return value !== undefined && pathsOf(platform).isAbsolute(value) ? value : undefined;
}
