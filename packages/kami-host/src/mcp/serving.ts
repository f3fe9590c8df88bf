import type { Profile, ToolAlias } from '../config/profiles.ts';
import { KamiError } from '../errors/kami-error.ts';
import type { ToolId } from '../model/ids.ts';
import { quoteText } from '../model/text.ts';
import { nearest } from '../model/toml/suggest.ts';
import { toolNotFound } from '../registry/require-tool.ts';
import { publishedName } from './tool-names.ts';

/** What an operator chose for one server. */
export interface ServingChoice {
  readonly profile: Profile | undefined;
  /** Of `--only`; undefined when it was not given. It narrows what the profile leaves. */
  readonly only: readonly string[] | undefined;
  /** Of `--except`. */
  readonly except: readonly string[];
}

/** Which tools a server shows, and how they are called there. It holds for tools that are installed later, too. */
export interface Serving {
  readonly selects: (id: ToolId) => boolean;
  readonly aliases: readonly ToolAlias[];
}

/** All tools, under their published names. */
export const serveAll: Serving = Object.freeze({ selects: () => true, aliases: Object.freeze([]) });

/** @throws KamiError `KAMI_PROFILE_NOT_FOUND` naming the nearest */
export function requireProfile(
  profiles: readonly Profile[],
  name: string,
  file: string | undefined,
): Profile {
  const found = profiles.find((profile) => profile.name === name);
  if (found !== undefined) return found;
  const names = profiles.map((profile) => profile.name);
  const meant = nearest(name, names);
  const known = names.length === 0 ? 'None is set up.' : `These are set up: ${names.join(', ')}.`;
  throw new KamiError('KAMI_PROFILE_NOT_FOUND', {
    message: `There is no profile ${quoteText(name)}. ${meant === undefined ? known : `Did you mean ${meant}?`}`,
    fix:
      names.length === 0
        ? `Add [profiles.${/^[\w-]+$/.test(name) ? name : 'NAME'}] to ${file ?? 'a configuration file'}.`
        : 'See what there is: kami config',
    data: { profile: name, profiles: names },
  });
}

/**
 * Checks a choice against what is installed. Every tool that it names must be there: a slip in `except` would serve what
 * was to be kept away.
 * @param installed ids of all installed tools, disabled ones included
 * @throws KamiError `KAMI_TOOL_NOT_FOUND`, `KAMI_ALIAS_TAKEN`
 */
export function resolveServing(choice: ServingChoice, installed: readonly string[]): Serving {
  const { profile, only, except } = choice;
  const idByName = new Map(installed.map((id) => [publishedName(id as ToolId), id]));
  const rule = (selectors: readonly string[], where: string) =>
    selectors.map((selector) => readSelector(selector, idByName, installed, where));
  const where = profile === undefined ? '' : `Profile ${profile.name}`;
  for (const { tool } of [...(profile?.aliases ?? []), ...(profile?.grants ?? [])]) {
    requireInstalled(tool, installed, where);
  }
  for (const { name, tool } of profile?.aliases ?? []) {
    const other = idByName.get(name);
    if (other !== undefined && other !== tool) throw aliasTaken(name, tool, other, where);
  }
  const wanted = [
    ...(profile?.only === undefined ? [] : [rule(profile.only, `${where}, only`)]),
    ...(only === undefined ? [] : [rule(only, '--only')]),
  ];
  const unwanted = [...rule(profile?.except ?? [], `${where}, except`), ...rule(except, '--except')];
  return Object.freeze({
    selects: (id: ToolId) =>
      wanted.every((matches) => matches.some((isMeant) => isMeant(id))) &&
      !unwanted.some((isMeant) => isMeant(id)),
    aliases: profile?.aliases ?? [],
  });
}

type Matcher = (id: ToolId) => boolean;

function readSelector(
  selector: string,
  idByName: ReadonlyMap<string, string>,
  installed: readonly string[],
  where: string,
): Matcher {
  if (selector.endsWith('.*')) {
    const start = selector.slice(0, -1);
    if (installed.some((id) => id.startsWith(start))) return (id) => id.startsWith(start);
    throw notInstalled(selector, installed, where);
  }
  const wanted = idByName.get(selector) ?? selector;
  requireInstalled(wanted, installed, where);
  return (id) => id === wanted;
}

function requireInstalled(id: string, installed: readonly string[], where: string): void {
  if (!installed.includes(id)) throw notInstalled(id, installed, where);
}

function notInstalled(selector: string, installed: readonly string[], where: string): KamiError {
  const { message, fix, data } = toolNotFound(selector, installed);
  return new KamiError('KAMI_TOOL_NOT_FOUND', {
    message: `${where}: ${message}`,
    fix,
    ...(data === undefined ? {} : { data }),
  });
}

function aliasTaken(name: string, tool: ToolId, other: string, where: string): KamiError {
  return new KamiError('KAMI_ALIAS_TAKEN', {
    message: `${where}: ${tool} can't be called ${name}, because that is the name of ${other} in clients.`,
    fix: `Choose another name for ${tool} in the aliases of the profile.`,
    data: { alias: name, tool, other },
  });
}
