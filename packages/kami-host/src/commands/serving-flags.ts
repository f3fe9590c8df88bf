import type { Argv } from 'yargs';
import type { Config } from '../config/config.ts';
import { KamiError } from '../errors/kami-error.ts';
import {
  requireProfile,
  resolveServing,
  type Serving,
  type ServingChoice,
  serveAll,
} from '../mcp/serving.ts';
import { formatGrantItem } from '../model/grant-item.ts';
import type { Registry } from '../registry/open-registry.ts';
import { requireTool } from '../registry/require-tool.ts';
import { beyondGrant, type GrantCeilings } from '../runtime/installed-tools.ts';
import { repeatable } from './grant-flags.ts';

/** Of a flag that is given several times, the last one holds. For commands in which others may be repeated. */
export function lastOf<T>(value: T | readonly T[]): T | undefined {
  return Array.isArray(value) ? (value as readonly T[]).at(-1) : (value as T);
}

/** Adds `--profile`. */
export function profileOption<T>(yargs: Argv<T>) {
  return yargs.option('profile', {
    type: 'string',
    coerce: lastOf<string | undefined>,
    describe: 'As [profiles.NAME] of the configuration file says',
  });
}

/** Adds `--profile`, `--only` and `--except`. */
export function servingOptions<T>(yargs: Argv<T>) {
  return profileOption(repeatable(yargs))
    .option('only', {
      ...toolList,
      describe: 'Serve only these tools: ids, names, com.example.*; commas between, may be repeated',
    })
    .option('except', { ...toolList, describe: 'Do not serve these tools' });
}

const toolList = { type: 'string', array: true, nargs: 1 } as const;

interface ServingArgs {
  readonly profile: string | undefined;
  readonly only?: readonly string[] | undefined;
  readonly except?: readonly string[] | undefined;
}

/** @throws KamiError `KAMI_PROFILE_NOT_FOUND`, `KAMI_USAGE` */
export function readServingChoice({ profile, only, except }: ServingArgs, config: Config): ServingChoice {
  return {
    profile: profile === undefined ? undefined : requireProfile(config.profiles, profile, config.file),
    only: only === undefined ? undefined : words('--only', only),
    except: except === undefined ? [] : words('--except', except),
  };
}

/** The most that each tool may do in a profile. */
export function ceilingsOf({ profile }: ServingChoice): GrantCeilings {
  return new Map(profile?.grants.map(({ tool, ceiling }) => [tool, ceiling]));
}

/**
 * Holds a choice against what is installed and granted.
 * @param warn told what a profile names that was not granted
 * @throws KamiError `KAMI_TOOL_NOT_FOUND`, `KAMI_ALIAS_TAKEN`
 */
export function checkServing(
  choice: ServingChoice,
  { registry, config }: { readonly registry: Registry; readonly config: Config },
  warn: (message: string) => void,
): Serving {
  const { profile, only, except } = choice;
  if (profile === undefined && only === undefined && except.length === 0) return serveAll;
  const serving = resolveServing(choice, registry.tools.ids());
  for (const { tool: id, ceiling } of profile?.grants ?? []) {
    const tool = requireTool(registry.tools, id);
    for (const item of beyondGrant(tool, ceiling, { registry, config })) {
      warn(
        `profile ${profile?.name} names ${formatGrantItem(item)} for ${id}, which it was not granted: it stays denied`,
      );
    }
  }
  return serving;
}

function words(flag: string, lists: readonly string[]): readonly string[] {
  const found = lists.flatMap((list) => list.split(',')).flatMap((word) => word.trim() || []);
  if (found.length > 0) return found;
  throw new KamiError('KAMI_USAGE', {
    message: `${flag} names no tool.`,
    fix: `Name one: ${flag} com.example.my-tool`,
  });
}
