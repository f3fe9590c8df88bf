import { userInfo } from 'node:os';
import type { Argv } from 'yargs';
import type { Config } from '../config/config.ts';
import type { GrantFlags } from '../install/grant-answer.ts';
import { checkMountFolder } from '../install/mount-folder.ts';
import type { Grant, Grantor } from '../model/grant.ts';
import { grantItems } from '../model/grant.ts';
import {
  formatGrantItem,
  type GrantItem,
  grantForms,
  parseGrantItem,
  parseGrantSelector,
} from '../model/grant-item.ts';
import { ownPaths } from '../runtime/own-paths.ts';

/** The forms of a permission, for the end of a command's help. */
export const grantHelp = `Permissions:\n${grantForms.map((form) => `  ${form}`).join('\n')}`;

/** Lets options and positionals of a command be given several times. */
export function repeatable<T>(yargs: Argv<T>): Argv<T> {
  return yargs.parserConfiguration({ 'duplicate-arguments-array': true });
}

/** Adds `--grant ITEM`. */
export function grantOption<T>(yargs: Argv<T>) {
  return repeatable(yargs)
    .option('grant', {
      type: 'string',
      array: true,
      nargs: 1,
      default: [] as string[],
      describe: 'Grant one permission, such as net=api.example.com; may be repeated',
    })
    .epilogue(grantHelp);
}

/** Adds `--yes`, `--grant`, `--deny` and `--deny-all`. */
export function grantOptions<T>(yargs: Argv<T>) {
  return grantOption(yargs)
    .option('yes', {
      alias: 'y',
      type: 'boolean',
      default: false,
      describe: 'Ask nothing; grant a new tool what it asks for, except folders',
    })
    .option('deny', {
      type: 'string',
      array: true,
      nargs: 1,
      default: [] as string[],
      describe: 'Deny one permission, or all of a kind (net); may be repeated',
    })
    .option('deny-all', { type: 'boolean', default: false, describe: 'Grant nothing of what it asks for' });
}

interface GrantArgs {
  readonly yes: boolean;
  readonly grant: readonly string[];
  readonly deny: readonly string[];
  readonly denyAll: boolean;
}

/** @throws KamiError `KAMI_GRANT_INVALID`, `KAMI_GRANT_MOUNT_REFUSED` */
export function readGrantFlags({ yes, grant, deny, denyAll }: GrantArgs, config: Config): GrantFlags {
  return { yes, denyAll, grant: readGrantItems(grant, config), deny: deny.map(parseGrantSelector) };
}

/** @throws KamiError `KAMI_GRANT_INVALID`, `KAMI_GRANT_MOUNT_REFUSED` */
export function readGrantItems(texts: readonly string[], config: Config): readonly GrantItem[] {
  return texts.map((text) => checkMountFolder(parseGrantItem(text), ownPaths(config)));
}

/** The user of this machine, now. */
export function currentGrantor(): Grantor {
  return { by: userName(), at: new Date() };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under an id that no name is known for.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

/** A grant for `--json`. */
export function grantJson(grant: Grant): object {
  const { grantedBy, grantedAt } = grant;
  return {
    items: grantItems(grant).map(formatGrantItem),
    grantedBy: grantedBy ?? null,
    grantedAt: grantedAt ?? null,
  };
}

/** A text as a word of a shell command. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
