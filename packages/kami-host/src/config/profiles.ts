import { isKamiError } from '../errors/kami-error.ts';
import { createGrant, type Grant } from '../model/grant.ts';
import { type GrantItem, parseGrantItem } from '../model/grant-item.ts';
import { type ToolId, toolIdProblem } from '../model/ids.ts';
import { quoteText } from '../model/text.ts';
import { accepted, type Check, plainText, refused } from '../model/toml/checks.ts';
import { anyKey, type TableReader, type TableShapes } from '../model/toml/table-reader.ts';
import { toolNamePattern } from '../model/tool-name.ts';

/** One `[profiles.NAME]`: what one kind of client is to see of the installed tools, and what these may do for it. */
export interface Profile {
  readonly name: string;
  /** Line of the configuration file. */
  readonly line: number;
  /** Tools that are served, each by id, by published name, or as `com.example.*`; undefined: all. */
  readonly only: readonly string[] | undefined;
  /** Tools that are not, likewise. */
  readonly except: readonly string[];
  readonly aliases: readonly ToolAlias[];
  readonly grants: readonly GrantCeiling[];
}

/** A name that clients see in the place of a tool's published one. */
export interface ToolAlias {
  readonly name: string;
  readonly tool: ToolId;
}

/** The most that a tool may do, whatever it was granted. */
export interface GrantCeiling {
  readonly tool: ToolId;
  readonly ceiling: Grant;
}

/** What each key of a profile does: `kami config --explain` and the documentation follow. */
export const profileKeys: Readonly<Record<'only' | 'except' | 'aliases' | 'grants', string>> = {
  only: 'Tools that are served: ids, names as clients see them, or all below a name, such as "com.example.*". Without it all are.',
  except: 'Tools that are not served, written likewise. It takes out of `only`, too.',
  aliases:
    "Names that clients see, each with the id of its tool. A name has up to 64 of a-z, A-Z, 0-9, _ and -, and is no other tool's.",
  grants:
    'Tools by id, each with the permissions that are left of what it was granted. It only takes away: what was not granted stays denied. A limit that is not named stays as it is.',
};

/** The tables of profiles, for the shapes of the configuration file. */
export const profileShapes: TableShapes = {
  profiles: [anyKey],
  [`profiles.${anyKey}`]: Object.keys(profileKeys),
  [`profiles.${anyKey}.aliases`]: [anyKey],
  [`profiles.${anyKey}.grants`]: [anyKey],
};

const maxProfiles = 100;
const maxEntries = 1_000;

/** Reads `[profiles]`; what is wrong in it is noted at its line. The profiles are deeply frozen. */
export function readProfiles(table: TableReader | undefined): readonly Profile[] {
  if (table === undefined) return Object.freeze([]);
  const names = table.keys();
  const extra = names[maxProfiles];
  if (extra !== undefined) {
    table.report(
      extra,
      `There are ${names.length} profiles, but at most ${maxProfiles} are read.`,
      `Remove all but ${maxProfiles} of them.`,
    );
  }
  return Object.freeze(
    names.slice(0, maxProfiles).flatMap((name) => {
      if (hasGoodName(table, name, 'profile')) return readProfile(table, name);
      return [];
    }),
  );
}

function readProfile(profiles: TableReader, name: string): readonly Profile[] {
  const table = profiles.table(name);
  if (table === undefined) return [];
  const only = table.readList('only', toolSelector, maxEntries);
  return [
    Object.freeze({
      name,
      line: profiles.lineOf(name),
      only: only === undefined ? undefined : Object.freeze(only),
      except: Object.freeze(table.readList('except', toolSelector, maxEntries) ?? []),
      aliases: Object.freeze(readAliases(table.table('aliases'))),
      grants: Object.freeze(readCeilings(table.table('grants'))),
    }),
  ];
}

function readAliases(table: TableReader | undefined): readonly ToolAlias[] {
  const nameByTool = new Map<ToolId, string>();
  for (const name of table?.keys() ?? []) {
    if (table === undefined || !hasGoodName(table, name, 'alias')) continue;
    const tool = table.read(name, toolId);
    if (tool === undefined) continue;
    const other = nameByTool.get(tool);
    if (other === undefined) nameByTool.set(tool, name);
    else {
      table.report(name, `${tool} is named both ${other} and ${name}.`, 'Keep one of the two lines.');
    }
  }
  return [...nameByTool].map(([tool, name]) => Object.freeze({ name, tool }));
}

function readCeilings(table: TableReader | undefined): readonly GrantCeiling[] {
  return (table?.keys() ?? []).flatMap((key): GrantCeiling[] => {
    const problem = toolIdProblem(key);
    if (table === undefined || problem !== undefined) {
      table?.report(
        key,
        `${quoteText(key)} is not a tool id: it ${problem}.`,
        'Write the id in quotes, such as "com.example.my-tool" = ["net=api.example.com"]',
      );
      return [];
    }
    const items = table.readList(key, plainText({ maxLength: 8_192 }), maxEntries) ?? [];
    const ceiling = createGrant(
      items.flatMap((text) => readItem(table, key, text)),
      { by: 'profile', at: new Date(0) },
    );
    return [Object.freeze({ tool: key as ToolId, ceiling })];
  });
}

function readItem(table: TableReader, key: string, text: string): readonly GrantItem[] {
  try {
    return [parseGrantItem(text)];
  } catch (error) {
    if (!isKamiError(error)) throw error;
    table.report(key, error.message, error.fix);
    return [];
  }
}

/** Notes a problem unless the name is one that a client could have, and that shows what it is. */
function hasGoodName(table: TableReader, name: string, what: 'profile' | 'alias'): boolean {
  if (toolNamePattern.test(name)) return true;
  table.report(
    name,
    `${quoteText(name)} can't be the name of ${what === 'alias' ? 'a tool' : 'a profile'}.`,
    'A name has 1 to 64 characters: a-z, A-Z, 0-9, _ and -.',
  );
  return false;
}

const toolId: Check<ToolId> = (value) =>
  typeof value === 'string' && toolIdProblem(value) === undefined
    ? accepted(value as ToolId)
    : refused('the id of a tool', '"com.example.my-tool"');

/** An id, a published name, or a name with `.*` for all below it. */
const toolSelector: Check<string> = (value) => {
  const text = typeof value === 'string' ? value.replace(/\.\*$/, '.any') : '';
  return typeof value === 'string' && (toolNamePattern.test(text) || toolIdProblem(text) === undefined)
    ? accepted(value)
    : refused('a tool: its id, its name in clients, or "com.example.*"', '"com.example.my-tool"');
};
