import { publishedName } from '../mcp/tool-names.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { defineCommand } from './command.ts';
import { headedTable } from './headed-table.ts';
import { listProfile } from './list-profile.ts';
import { profileOption } from './serving-flags.ts';

export const list = defineCommand({
  builder: (yargs) =>
    profileOption(yargs)
      .option('filter', { type: 'string', describe: 'Only tools whose id or name contains this' })
      .option('limit', { type: 'number', describe: 'At most this many' })
      .option('offset', { type: 'number', describe: 'Leave out this many first' })
      .conflicts('profile', ['limit', 'offset'])
      .example('$0 list --filter weather --json', 'find tools from a script')
      .example('$0 list --profile work', 'what clients of kami serve --profile work see'),

  async run({ filter, limit, offset, profile }, context) {
    const registry = await openRegistry(context.config.values.registry.databasePath);
    try {
      if (profile !== undefined) {
        listProfile({ profile, filter }, registry, context);
        return 0;
      }
      const page = registry.tools.findAll({
        ...(filter === undefined ? {} : { filter }),
        ...(limit === undefined ? {} : { limit }),
        ...(offset === undefined ? {} : { offset }),
      });
      for (const damaged of page.damaged) context.logger.warn(`${damaged.message} ${damaged.fix}`);
      const rows = page.tools.map(({ id, name, version, description, enabled }) => ({
        ...{ id, name, version, description, enabled },
        mcpName: publishedName(id),
      }));
      if (context.json) {
        context.print(`${JSON.stringify({ tools: rows, total: page.total })}\n`);
      } else if (rows.length === 0) {
        context.print(
          page.total === 0 && filter === undefined
            ? 'No tool is installed yet. Install one: kami install <directory>\n'
            : 'No installed tool matches.\n',
        );
      } else {
        context.print(
          headedTable(
            [
              ['ID', 'VERSION', 'DESCRIPTION'],
              ...rows.map((row) => [row.id, row.version, row.description.split('\n', 1)[0] ?? '']),
            ],
            context,
          ),
        );
      }
      return 0;
    } finally {
      registry.close();
    }
  },
});
