import type { Command } from './command.ts';

/** A command as the help lists it; its module is loaded when it is used. */
export interface CommandEntry {
  /** As yargs reads it: name and positionals. */
  readonly usage: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
  /** Whether it also begins when the settings are wrong. */
  readonly isForBrokenConfig?: true;
}

/** All commands in the order of the help. */
export const commandTable: readonly CommandEntry[] = [
  {
    usage: 'build [directory]',
    summary: 'Build a tool project into a component',
    load: async () => (await import('./build.ts')).build,
  },
  {
    usage: 'validate <path>',
    summary: 'Check a tool.toml or a component without installing it',
    load: async () => (await import('./validate.ts')).validate,
  },
  {
    usage: 'install <source>',
    summary: 'Install a tool from a folder, a tool.toml or a .wasm file',
    load: async () => (await import('./install.ts')).install,
  },
  {
    usage: 'uninstall <id>',
    summary: 'Remove an installed tool',
    load: async () => (await import('./uninstall.ts')).uninstall,
  },
  {
    usage: 'list',
    summary: 'List the installed tools',
    load: async () => (await import('./list.ts')).list,
  },
  {
    usage: 'inspect <id>',
    summary: 'Show everything about an installed tool',
    load: async () => (await import('./inspect.ts')).inspect,
  },
  {
    usage: 'permissions <id>',
    summary: 'Show what a tool asks for, may do, and has used',
    load: async () => (await import('./permissions.ts')).permissions,
  },
  {
    usage: 'grant <id> <items..>',
    summary: 'Grant permissions to an installed tool',
    load: async () => (await import('./grant.ts')).grant,
  },
  {
    usage: 'revoke <id> [items..]',
    summary: 'Take permissions away from an installed tool',
    load: async () => (await import('./revoke.ts')).revoke,
  },
  {
    usage: 'secret <action> <tool> [name]',
    summary: 'Set, list or remove the secrets of a tool',
    load: async () => (await import('./secret.ts')).secret,
  },
  {
    usage: 'run <file>',
    summary: 'Call a component file once, without installing it',
    load: async () => (await import('./run.ts')).run,
  },
  {
    usage: 'exec <id>',
    summary: 'Call an installed tool once',
    load: async () => (await import('./exec.ts')).exec,
  },
  {
    usage: 'serve',
    summary: 'Serve the installed tools to an MCP client',
    load: async () => (await import('./serve.ts')).serve,
  },
  {
    usage: 'connect <client>',
    summary: 'Make an MCP client start kami serve',
    load: async () => (await import('./connect.ts')).connect,
  },
  {
    usage: 'doctor',
    summary: 'Find what is wrong between clients, KAMI and tools',
    load: async () => (await import('./doctor.ts')).doctor,
    isForBrokenConfig: true,
  },
  {
    usage: 'cache [action]',
    summary: 'Show, prune or verify what KAMI derived from components',
    load: async () => (await import('./cache.ts')).cache,
  },
  {
    usage: 'config',
    summary: 'Show every setting and where it comes from',
    load: async () => (await import('./config.ts')).config,
  },
];
