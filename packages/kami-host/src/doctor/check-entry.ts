import { existsSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { loadConfigDespite } from '../config/load-config.ts';
import { pathsOf, type Surroundings } from '../config/locations.ts';
import { bareEnvironment } from '../connect/bare-environment.ts';
import type { McpClient, Scope } from '../connect/clients.ts';
import { isSameFile, type OwnCommand, passingPlace } from '../connect/own-command.ts';
import { probeServer } from '../connect/probe.ts';
import { flagOf, type ServerEntry, serveEntry, serverNamePattern } from '../connect/server-entry.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

export interface ClientCheckDeps {
  readonly config: Config;
  readonly own: OwnCommand;
  readonly surroundings: Surroundings;
  /** Whether the registry is one that a server can open without changing it. */
  readonly isRegistryReady: boolean;
  readonly signal: AbortSignal;
}

/** An entry of a client's file that starts KAMI. */
export interface KamiEntry {
  readonly client: McpClient;
  readonly scope: Scope;
  readonly file: string;
  readonly name: string;
  readonly entry: ServerEntry;
}

const timeoutMs = 30_000;

/**
 * Whether what an entry points to is there, is this KAMI, and serves these tools; and when it does, whether it starts.
 * Nothing else is started: an entry in a project's folder may be a stranger's, and a server that serves another registry
 * could change that.
 */
export async function checkEntry(found: KamiEntry, deps: ClientCheckDeps): Promise<readonly Finding[]> {
  const { client, file, entry } = found;
  const who = `${client.title} (${file})`;
  const fix = reconnect(found);
  const missing = [entry.command, ...entry.args.slice(0, 1)].filter(
    (path) => isAbsolute(path, deps) && !existsSync(path),
  );
  if (missing.length > 0) {
    return [problem(`${who} starts ${missing.join(' and ')}, which is not there.`, fix)];
  }
  const [bin = '', verb] = entry.args;
  const isOwn = entry.args.some((word) => isSameFile(word, deps.own.bin));
  if (!isAbsolute(entry.command, deps)) {
    return [
      warning(
        `${who} starts "${entry.command}" by the PATH it happens to have, which on a desktop is short.`,
        fix,
      ),
    ];
  }
  if (!isOwn) {
    return [
      warning(`${who} starts another KAMI (${entry.command} ${bin}); this one is ${deps.own.bin}.`, fix),
    ];
  }
  if (!isSameFile(bin, deps.own.bin) || verb !== 'serve') return [ownWay(who, fix)];
  const passing = [entry.command, bin].flatMap((path) => passingPlace(path) ?? []);
  const lasting = passing
    .slice(0, 1)
    .map((place) =>
      warning(`${who} starts KAMI from ${place}, which goes away.`, `npm install --global kami-host; ${fix}`),
    );
  const other = otherRegistry(entry, deps);
  if (other !== undefined) {
    return [
      ...lasting,
      warning(
        `${who} serves other tools than these: those of ${other}.`,
        `${fix}   (or look at those: kami doctor with the flags of that entry)`,
      ),
    ];
  }
  const isPinned = ['--data-dir', '--db'].every((flag) => flagOf(entry, flag) !== undefined);
  const open = warning(
    `${who} does not name the tools it serves: in a folder with a kami.toml it serves those of that file, with its grants.`,
    fix,
  );
  return [...lasting, ...(isPinned ? [] : [open]), ...(await start(found, who, fix, deps))];
}

async function start(
  found: KamiEntry,
  who: string,
  fix: string,
  deps: ClientCheckDeps,
): Promise<readonly Finding[]> {
  const { client, scope, name, entry } = found;
  const { surroundings, isRegistryReady, signal } = deps;
  if (scope === 'project' && !isAsWritten(entry, deps)) return [ownWay(who, fix)];
  if (!isRegistryReady) {
    return [
      ok(`${who} starts this KAMI. It was not started, because there is no registry that it could serve.`),
    ];
  }
  const { platform, env } = surroundings;
  const result = await probeServer(entry, {
    env: bareEnvironment(platform, env),
    timeoutMs,
    signal,
  });
  if (result.status === 'failed') {
    const words = [`${who} starts a server that does not answer. ${result.reason}`, ...result.stderr];
    return [problem(words.join('\n'), `Mend what the server says, or write the entry anew: ${fix}`)];
  }
  const { tools, noise } = result;
  const { maxJointName } = client;
  const long =
    maxJointName === undefined ? [] : tools.filter((tool) => tool.length + name.length + 1 > maxJointName);
  return [
    ok(
      `${who} starts this KAMI as "${name}"; it answers, and lists ${tools.length === 1 ? '1 tool' : `${tools.length} tools`}.`,
    ),
    ...noise
      .slice(0, 1)
      .map((line) =>
        problem(
          `Something writes to the stdout of the server, which belongs to the protocol: "${line}".`,
          'Take out what makes Node print: NODE_OPTIONS in the entry, or a program around it.',
        ),
      ),
    ...long.map((tool) =>
      warning(
        `${client.title} leaves out tools whose name has, with that of the server, more than ${maxJointName} characters: ${tool}.`,
        `Give the server a shorter name: kami connect ${client.id} --name k`,
      ),
    ),
  ];
}

function ownWay(who: string, fix: string): Finding {
  return warning(
    `${who} starts this KAMI in a way of its own; who knows what else it starts, so it was not tried.`,
    fix,
  );
}

/** The registry that an entry serves, when it is not this one. */
function otherRegistry(entry: ServerEntry, { config, surroundings }: ClientCheckDeps): string | undefined {
  const { platform, env, homeDir } = surroundings;
  const flags = Object.fromEntries(
    ['config', 'data-dir', 'db'].flatMap((name) => {
      const value = flagOf(entry, `--${name}`);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const its = loadConfigDespite({
    flags,
    env: { ...bareEnvironment(platform, env), ...entry.env },
    platform,
    homeDir,
    cwd: homeDir,
  }).config.values.registry.databasePath;
  const own = config.values.registry.databasePath;
  return its === own || isSameFile(its, own) ? undefined : its;
}

/** Whether an entry is what `kami connect` would write, and nothing more. */
function isAsWritten(
  { command, args, env }: ServerEntry,
  { own, config, surroundings }: ClientCheckDeps,
): boolean {
  const profile = flagOf({ args }, '--profile');
  const [, ...expected] = serveEntry({ ...own, config, profile, surroundings }).args;
  const isSame =
    expected.length === args.length - 1 && expected.every((word, index) => word === args[index + 1]);
  return isSame && isSameFile(command, own.node) && Object.keys(env).length === 0;
}

/** The command that writes the entry anew. Words of the file get into it only when a shell takes them for words. */
function reconnect({ client, scope, name, entry }: KamiEntry): string {
  const named = flagOf(entry, '--profile');
  const profile = named !== undefined && serverNamePattern.test(named) ? named : undefined;
  const usual = profile === undefined ? 'kami' : `kami-${profile}`;
  const command = [
    `kami connect ${client.id}`,
    ...(scope === 'project' ? ['--scope project'] : []),
    ...(profile === undefined ? [] : [`--profile ${profile}`]),
  ].join(' ');
  if (name === usual) return command;
  return serverNamePattern.test(name)
    ? `${command} --name ${name}`
    : `${command}   (and take the old entry out by hand)`;
}

function isAbsolute(path: string, { surroundings }: Pick<ClientCheckDeps, 'surroundings'>): boolean {
  return pathsOf(surroundings.platform).isAbsolute(path);
}
