import { basename } from 'node:path/win32';
import type { Config } from '../config/config.ts';
import { platformConfigFile, type Surroundings } from '../config/locations.ts';
import { bareEnvironment } from './bare-environment.ts';

/** How a client starts a server. */
export interface ServerEntry {
  readonly command: string;
  readonly args: readonly string[];
  /** Variables that the entry sets. */
  readonly env: Readonly<Record<string, string>>;
}

/** Names of servers and profiles that every client takes, and that need no quotes in a shell. */
export const serverNamePattern = /^[A-Za-z0-9_-]{1,64}$/;

export interface ServeEntryOptions {
  /** Absolute path of Node. */
  readonly node: string;
  /** Absolute path of the file that is the `kami` command. */
  readonly bin: string;
  readonly config: Pick<Config, 'values' | 'file'>;
  readonly profile: string | undefined;
  readonly surroundings: Surroundings;
}

/**
 * The entry that starts `kami serve` for the tools that are installed here. It names their places even where they are
 * the default ones: a client starts it in any folder and without the variables of a shell, and neither may lead it to
 * other tools with other grants.
 */
export function serveEntry({ node, bin, config, profile, surroundings }: ServeEntryOptions): ServerEntry {
  const { values, file } = config;
  const env = bareEnvironment(surroundings.platform, surroundings.env);
  const isFound = file === undefined || file === platformConfigFile({ ...surroundings, env });
  return {
    command: node,
    args: [
      bin,
      'serve',
      ...(profile === undefined ? [] : ['--profile', profile]),
      ...(isFound ? [] : ['--config', file]),
      '--data-dir',
      values.dataDir,
      '--db',
      values.registry.databasePath,
    ],
    env: {},
  };
}

/** Reads what a client's file has as an entry; undefined when it starts nothing (a server elsewhere, or damaged). */
export function readEntry(value: unknown): ServerEntry | undefined {
  if (!isRecord(value)) return undefined;
  // Zed once had the words of the command in a table of its own.
  const words = isRecord(value.command) ? value.command : value;
  const command = isRecord(value.command) ? words.path : value.command;
  const { args = [] } = words;
  if (typeof command !== 'string' || !isTextList(args)) return undefined;
  const env = isRecord(value.env) ? value.env : {};
  const pairs = Object.entries(env).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
  return { command, args, env: Object.fromEntries(pairs) };
}

const kamiName = /^kami(-host)?(@[^/\\]+|\.(js|cmd|exe|ps1))?$/;

/** Whether an entry starts `kami serve`, this one or another, in whichever way somebody wrote it. */
export function startsKami({ command, args }: ServerEntry): boolean {
  const words = [command, ...args];
  const serve = words.indexOf('serve');
  // Windows separates names by both slashes, so its rule fits the paths of every platform.
  return serve > 0 && words.slice(0, serve).some((word) => kamiName.test(basename(word)));
}

/** The value of a flag in the arguments of an entry; undefined when it is not there. */
export function flagOf({ args }: Pick<ServerEntry, 'args'>, flag: string): string | undefined {
  const joined = args.find((word) => word.startsWith(`${flag}=`));
  if (joined !== undefined) return joined.slice(flag.length + 1);
  const at = args.indexOf(flag);
  return at < 0 ? undefined : args[at + 1];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
