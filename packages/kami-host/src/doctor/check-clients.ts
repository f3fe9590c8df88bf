import { existsSync } from 'node:fs';
import { readClientFile } from '../connect/client-file.ts';
import { clientFile, clients, type McpClient, scopesOf } from '../connect/clients.ts';
import { readServers } from '../connect/edit-servers.ts';
import { readEntry, startsKami } from '../connect/server-entry.ts';
import { type ClientCheckDeps, checkEntry } from './check-entry.ts';
import { type Finding, findingOf, warning } from './finding.ts';

/** The files of all clients that are there, and every entry in them that starts KAMI. */
export async function checkClients(deps: ClientCheckDeps): Promise<readonly Finding[]> {
  const places = clients.flatMap((client) => scopesOf(client).map((scope) => ({ client, scope })));
  const found: Finding[] = [];
  let entries = 0;
  const seen = new Set<string>();
  for (const { client, scope } of places) {
    const file = clientFile(client, scope, deps.surroundings);
    // In the home folder a project's file may be the user's.
    if (file === undefined || seen.has(file) || !existsSync(file)) continue;
    seen.add(file);
    try {
      const kamis = kamiEntries(client, file);
      entries += kamis.length;
      for (const { name, entry } of kamis) {
        found.push(...(await checkEntry({ client, scope, file, name, entry }, deps)));
      }
    } catch (error) {
      found.push(findingOf(error));
    }
  }
  if (entries > 0) return found;
  return [
    ...found,
    warning('No client starts KAMI yet.', 'kami connect <client>; kami connect --help names them'),
  ];
}

function kamiEntries(client: McpClient, path: string) {
  const servers = readServers({ client, path, text: readClientFile(path).text });
  return [...servers].flatMap(([name, value]) => {
    const entry = readEntry(value);
    return entry !== undefined && startsKami(entry) ? [{ name, entry }] : [];
  });
}
