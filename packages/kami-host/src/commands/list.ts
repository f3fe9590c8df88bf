import { publishedName } from '../mcp/tool-names.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { table } from '../terminal/table.ts';
import { defineCommand } from './command.ts';

export const list = defineCommand({
  builder: (yargs) =>
    yargs
      .option('filter', { type: 'string', describe: 'Only tools whose id or name contains this' })
      .option('limit', { type: 'number', describe: 'At most this many' })
      .option('offset', { type: 'number', describe: 'Leave out this many first' })
      .example('$0 list --filter weather --json', 'find tools from a script'),

  async run({ filter, limit, offset }, context) {
    const registry = await openRegistry(context.config.values.registry.databasePath);
    try {
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
        const { bold } = context.style;
        const lines = table(
          [
            ['ID', 'VERSION', 'DESCRIPTION'],
            ...rows.map((row) => [row.id, row.version, row.description.split('\n', 1)[0] ?? '']),
          ],
          { width: context.width },
        );
        const end = lines.indexOf('\n');
        context.print(bold(lines.slice(0, end)) + lines.slice(end));
      }
      return 0;
    } finally {
      registry.close();
    }
  },
});
