import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';

/** The surroundings that decide where files are. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** Absolute. */
  readonly homeDir: string;
  /** Absolute. */
  readonly cwd: string;
}

/** Those of this process. */
export function ownSurroundings(): Surroundings {
  return { env: process.env, platform: process.platform, homeDir: homedir(), cwd: process.cwd() };
}

export function pathsOf(platform: NodeJS.Platform): typeof posix {
  return platform === 'win32' ? win32 : posix;
}

/** The platform's folder for KAMI's data; KAMI makes it when it first writes there. */
export function platformDataDir({ env, platform, homeDir }: Surroundings): string {
  const { join } = pathsOf(platform);
  if (platform === 'win32') {
    return join(absolute(env.LOCALAPPDATA, platform) ?? join(homeDir, 'AppData', 'Local'), 'kami', 'data');
  }
  if (platform === 'darwin') return join(homeDir, 'Library', 'Application Support', 'kami');
  return join(absolute(env.XDG_DATA_HOME, platform) ?? join(homeDir, '.local', 'share'), 'kami');
}

/** The configuration file in the platform's folder for settings. */
export function platformConfigFile({ env, platform, homeDir }: Surroundings): string {
  const { join } = pathsOf(platform);
  if (platform === 'win32') {
    return join(
      absolute(env.APPDATA, platform) ?? join(homeDir, 'AppData', 'Roaming'),
      'kami',
      'config.toml',
    );
  }
  if (platform === 'darwin') return join(homeDir, 'Library', 'Application Support', 'kami', 'config.toml');
  return join(absolute(env.XDG_CONFIG_HOME, platform) ?? join(homeDir, '.config'), 'kami', 'config.toml');
}

/** A path as a person writes it, made absolute: `~` is the home folder, anything relative is below `base`. */
export function resolvePath(path: string, base: string, { platform, homeDir }: Surroundings): string {
  const { resolve, join } = pathsOf(platform);
  if (path === '~') return homeDir;
  const isInHome = path.startsWith('~/') || (platform === 'win32' && path.startsWith('~\\'));
  return isInHome ? join(homeDir, path.slice(2)) : resolve(base, path);
}

/** The XDG rules: a variable that is empty or holds a relative path counts as not set. */
function absolute(value: string | undefined, platform: NodeJS.Platform): string | undefined {
  return value !== undefined && pathsOf(platform).isAbsolute(value) ? value : undefined;
}
