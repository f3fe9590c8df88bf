import type { Config } from '../config/config.ts';
import { ownSurroundings, resolvePath, type Surroundings } from '../config/locations.ts';
import {
  type ClientId,
  clientFile,
  clientIds,
  findClient,
  type McpClient,
  type Scope,
  scopesOf,
} from '../connect/clients.ts';
import { ownCommand } from '../connect/own-command.ts';
import { entryFields } from '../connect/plan-connection.ts';
import { type ServerEntry, serveEntry, serverNamePattern } from '../connect/server-entry.ts';
import { KamiError } from '../errors/kami-error.ts';

/** What to put where. */
export interface ConnectionTarget {
  readonly client: McpClient;
  /** Undefined when the file was named. */
  readonly scope: Scope | undefined;
  /** Absolute; may be a link. */
  readonly file: string;
  readonly name: string;
  readonly entry: ServerEntry;
  /** The entry as the client's file has it. */
  readonly fields: ReturnType<typeof entryFields>;
  readonly surroundings: Surroundings;
}

/** The flags. */
export interface TargetArgs {
  readonly client: string;
  readonly scope: Scope | undefined;
  readonly file: string | undefined;
  readonly name: string | undefined;
  readonly profile: string | undefined;
}

/**
 * Reads the flags that say what to put where.
 * @throws KamiError `KAMI_USAGE`
 */
export function targetOf(args: TargetArgs, config: Config): ConnectionTarget {
  const client = findClient(clientIdOf(args.client));
  const { profile } = args;
  const name = args.name ?? (profile === undefined ? 'kami' : `kami-${profile}`);
  for (const [flag, value] of [
    ['--profile', profile],
    ['--name', name],
  ] as const) {
    if (value !== undefined && !serverNamePattern.test(value)) throw wrongName(flag);
  }
  const surroundings = ownSurroundings();
  const entry = serveEntry({ ...ownCommand(), config, profile, surroundings });
  const place = placeOf(client, args, surroundings);
  return { client, ...place, name, entry, fields: entryFields(client, entry), surroundings };
}

function clientIdOf(text: string): ClientId {
  const id = clientIds.find((candidate) => candidate === text);
  if (id !== undefined) return id;
  throw wrongUsage(
    'KAMI does not know this client.',
    `Name one of these: ${clientIds.join(', ')}. For another one, copy what kami connect claude-desktop --print shows.`,
  );
}

function placeOf(
  client: McpClient,
  { scope, file }: TargetArgs,
  surroundings: Surroundings,
): Pick<ConnectionTarget, 'scope' | 'file'> {
  if (file !== undefined) {
    if (scope !== undefined) throw wrongUsage('--file and --scope exclude each other.', 'Use one of them.');
    return { scope, file: resolvePath(file, surroundings.cwd, surroundings) };
  }
  const [usual] = scopesOf(client);
  const chosen = scope ?? usual;
  const found = chosen === undefined ? undefined : clientFile(client, chosen, surroundings);
  if (chosen !== undefined && found !== undefined) return { scope: chosen, file: found };
  throw wrongUsage(
    `${client.title} has no settings of a ${chosen}.`,
    `Use --scope ${usual}, or leave it out.`,
  );
}

function wrongUsage(message: string, fix: string): KamiError {
  return new KamiError('KAMI_USAGE', { message, fix });
}

function wrongName(flag: string): KamiError {
  return wrongUsage(
    `${flag} is not a name that every client takes.`,
    `Use up to 64 letters, digits, _ and -, such as ${flag} work`,
  );
}
