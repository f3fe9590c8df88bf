/** What MCP clients hand to the servers they start, beside what an entry sets (the default of the MCP SDKs). */
const inherited = {
  posix: ['HOME', 'LOGNAME', 'SHELL', 'TERM', 'USER'],
  win32: [
    'APPDATA',
    'HOMEDRIVE',
    'HOMEPATH',
    'LOCALAPPDATA',
    'PROCESSOR_ARCHITECTURE',
    'SYSTEMDRIVE',
    'SYSTEMROOT',
    'SystemRoot',
    'TEMP',
    'USERNAME',
    'USERPROFILE',
    'PROGRAMFILES',
  ],
} as const;

/** The environment of a server that a desktop program starts: no shell's `PATH`, and no variable of a shell. */
export function bareEnvironment(
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const isWindows = platform === 'win32';
  const kept = Object.fromEntries(
    inherited[isWindows ? 'win32' : 'posix'].flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const system = env.SystemRoot ?? env.SYSTEMROOT ?? 'C:\\Windows';
  return { ...kept, PATH: isWindows ? `${system}\\System32;${system}` : '/usr/bin:/bin:/usr/sbin:/sbin' };
}
