import type { ConfigEntry } from '../config/config.ts';
import { table } from '../terminal/table.ts';
import { defineCommand } from './command.ts';

export const config = defineCommand({
  builder: (yargs) =>
    yargs
      .option('explain', { type: 'boolean', default: false, describe: 'Also say what each setting does' })
      .example('$0 config --explain', 'all settings, what they do, and how to set them'),

  async run({ explain }, context) {
    const { entries, file } = context.config;
    if (context.json) {
      context.print(`${JSON.stringify({ file: file ?? null, settings: entries })}\n`);
      return 0;
    }
    context.print(`Configuration file: ${file ?? 'none'}\n\n`);
    const rows = entries.map((entry) => [entry.key, String(entry.value ?? '(unset)'), sourceText(entry)]);
    if (!explain) {
      context.print(table([['SETTING', 'VALUE', 'FROM'], ...rows], { width: context.width }));
      return 0;
    }
    for (const [index, entry] of entries.entries()) {
      const [key = '', value = '', source = ''] = rows[index] ?? [];
      const ways = [entry.environment, ...(entry.flag === undefined ? [] : [entry.flag])].join(', ');
      context.print(
        `${context.style.bold(key)} = ${value}  ${context.style.dim(`(${source})`)}\n  ${entry.description}\n  Set by: ${ways}\n\n`,
      );
    }
    return 0;
  },
});

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
