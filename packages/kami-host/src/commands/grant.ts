import { changeToolGrant } from '../install/change-grant.ts';
import { describeItem } from '../install/request-words.ts';
import { requestedItems } from '../install/requested-items.ts';
import { hasGrantItem } from '../model/grant.ts';
import { formatGrantItem, type GrantItem } from '../model/grant-item.ts';
import type { InstalledTool } from '../registry/installed-tool.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { requireTool } from '../registry/require-tool.ts';
import { deniedGrants } from '../runtime/installed-tools.ts';
import { defineCommand } from './command.ts';
import { currentGrantor, grantHelp, grantJson, readGrantItems, repeatable } from './grant-flags.ts';

export const grant = defineCommand({
  builder: (yargs) =>
    repeatable(yargs)
      .positional('id', { type: 'string', demandOption: true, describe: 'Id of an installed tool' })
      .positional('items', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Permissions, such as net=api.example.com',
      })
      .epilogue(grantHelp)
      .example('$0 grant dev.kami.http-fetch net=example.com', 'let a tool reach one host')
      .example('$0 grant dev.kami.notes mount=$HOME/notes:/data:ro', 'let a tool read one folder'),

  async run({ id, items }, context) {
    const add = readGrantItems(items, context.config);
    const registry = await openRegistry(context.config.values.registry.databasePath);
    try {
      const tool = requireTool(registry.tools, id);
      const { before, after } = changeToolGrant(registry, id, { add, remove: [] }, currentGrantor());
      for (const line of notes(tool, add)) context.reporter.note(line);
      for (const { item, reason } of deniedGrants(tool, { registry, config: context.config })) {
        context.reporter.note(`${item} has no effect: ${reason}.`);
      }
      if (context.json) {
        context.print(`${JSON.stringify({ id: tool.id, grant: grantJson(after) })}\n`);
        return 0;
      }
      for (const item of add) {
        const already = hasGrantItem(before, item) ? ' already' : '';
        context.print(`${tool.id} may${already} ${describeItem(item)}.\n`);
      }
      return 0;
    } finally {
      registry.close();
    }
  },
});

function notes(tool: InstalledTool, add: readonly GrantItem[]): readonly string[] {
  const asked = new Set(requestedItems(tool).items.map(formatGrantItem));
  const limits = new Set(['memory', 'time', 'fuel', 'requests', 'rate', 'clock']);
  return add.flatMap((item) => {
    const isAsked =
      item.kind === 'mount'
        ? tool.request.mounts.some(({ path }) => path === item.guestPath)
        : limits.has(item.kind) || asked.has(formatGrantItem(item));
    return isAsked ? [] : [`The tool does not ask for ${formatGrantItem(item)}; it is granted all the same.`];
  });
}
