import type { ConfigEntry } from '../config/config.ts';
import { type Profile, profileKeys } from '../config/profiles.ts';
import { grantItems } from '../model/grant.ts';
import { formatGrantItem } from '../model/grant-item.ts';
import { table } from '../terminal/table.ts';
import { defineCommand } from './command.ts';

export const config = defineCommand({
  builder: (yargs) =>
    yargs
      .option('explain', { type: 'boolean', default: false, describe: 'Also say what each setting does' })
      .example('$0 config --explain', 'all settings, what they do, and how to set them'),

  async run({ explain }, context) {
    const { entries, profiles, file } = context.config;
    if (context.json) {
      const json = {
        file: file ?? null,
        settings: entries,
        profiles: profiles.map(profileJson),
        profileKeys,
      };
      context.print(`${JSON.stringify(json)}\n`);
      return 0;
    }
    context.print(`Configuration file: ${file ?? 'none'}\n\n`);
    const rows = entries.map((entry) => [entry.key, String(entry.value ?? '(unset)'), sourceText(entry)]);
    if (!explain) {
      context.print(table([['SETTING', 'VALUE', 'FROM'], ...rows], { width: context.width }));
      if (profiles.length > 0) {
        const places = profiles.map(({ name, line }) => [name, `${file}:${line}`]);
        context.print(`\n${table([['PROFILE', 'FROM'], ...places], { width: context.width })}`);
      }
      return 0;
    }
    for (const [index, entry] of entries.entries()) {
      const [key = '', value = '', source = ''] = rows[index] ?? [];
      const ways = [entry.environment, ...(entry.flag === undefined ? [] : [entry.flag])].join(', ');
      context.print(
        `${context.style.bold(key)} = ${value}  ${context.style.dim(`(${source})`)}\n  ${entry.description}\n  Set by: ${ways}\n\n`,
      );
    }
    for (const [key, description] of Object.entries(profileKeys)) {
      context.print(
        `${context.style.bold(`profiles.NAME.${key}`)}\n  ${description}\n  Set in the file only\n\n`,
      );
    }
    return 0;
  },
});

/** A profile as it is written in the file. */
function profileJson({ name, line, only, except, aliases, grants }: Profile): object {
  return {
    ...{ name, line, only: only ?? null, except },
    aliases: Object.fromEntries(aliases.map((alias) => [alias.name, alias.tool])),
    grants: Object.fromEntries(
      grants.map(({ tool, ceiling }) => [tool, grantItems(ceiling).map(formatGrantItem)]),
    ),
  };
}

function sourceText({ source }: ConfigEntry): string {
  switch (source.kind) {
    case 'default':
      return 'default';
    case 'file':
      return `${source.path}:${source.line}`;
    case 'environment':
      return source.name;
    case 'flag':
      return `--${source.name.replace(/^--/, '')}`;
  }
}
