import type { JsonObject } from '../model/json.ts';
import type { McpClient } from './clients.ts';
import { putServer, readServers, removeServer, type ServersFile } from './edit-servers.ts';
import { readEntry, type ServerEntry, startsKami } from './server-entry.ts';

/** What is to become of a client's file. */
export interface ConnectionPlan {
  readonly action: 'add' | 'update' | 'replace' | 'remove' | 'none';
  /** The whole new text; the old one with `none`. */
  readonly text: string;
  /** The entry of that name which is there and does not start KAMI; only somebody who saw it may let it go. */
  readonly stranger: unknown;
  /** Names of other entries that start KAMI. */
  readonly others: readonly string[];
}

/** What a client's file has about a server: the words of the entry, and what the client wants beside them. */
export function entryFields(
  { entryFields: own }: Pick<McpClient, 'entryFields'>,
  entry: ServerEntry,
): JsonObject {
  return { ...own, command: entry.command, args: entry.args };
}

/**
 * Plans to put an entry into a client's file, or with `fields` undefined to remove one. Pure. What somebody added to an
 * entry of KAMI stays; an entry that is not KAMI's is replaced as a whole.
 * @throws KamiError `KAMI_CONNECT_FILE_INVALID`
 */
export function planConnection(
  file: ServersFile,
  name: string,
  fields: JsonObject | undefined,
): ConnectionPlan {
  const servers = readServers(file);
  const existing = servers.get(name);
  const isThere = servers.has(name);
  const isOurs = isKami(existing);
  const others = [...servers]
    .filter(([other, value]) => other !== name && isKami(value))
    .map(([other]) => other);
  const stranger = isThere && !isOurs ? existing : undefined;
  if (fields === undefined) {
    return isThere
      ? { action: 'remove', text: removeServer(file, name), stranger, others }
      : { action: 'none', text: file.text, stranger, others };
  }
  const text = putServer(file, name, fields, isOurs);
  const isUnchanged = isOurs && text === file.text;
  const action = isUnchanged ? 'none' : !isThere ? 'add' : isOurs ? 'update' : 'replace';
  return { action, text, stranger, others };
}

function isKami(value: unknown): boolean {
  const entry = readEntry(value);
  return entry !== undefined && startsKami(entry);
}
