import { KamiError } from '../errors/kami-error.ts';
import { changeToolGrant, revokeAll } from '../install/change-grant.ts';
import { grantItems, noGrant } from '../model/grant.ts';
import { formatGrantSelector, parseGrantSelector, selects } from '../model/grant-item.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { requireTool } from '../registry/require-tool.ts';
import { defineCommand } from './command.ts';
import { currentGrantor, grantHelp, grantJson, repeatable } from './grant-flags.ts';

export const revoke = defineCommand({
  builder: (yargs) =>
    repeatable(yargs)
      .positional('id', { type: 'string', demandOption: true, describe: 'Id of an installed tool' })
      .positional('items', {
        type: 'string',
        array: true,
        default: [] as string[],
        describe: 'Permissions, as kami permissions shows them, or all of a kind (net), or mount=/data',
      })
      .option('all', { type: 'boolean', default: false, describe: 'Take everything away' })
      .epilogue(grantHelp)
      .example('$0 revoke dev.kami.http-fetch net', 'let a tool reach no host any more')
      .example('$0 revoke dev.kami.http-fetch --all', 'take everything away'),

  async run({ id, items, all }, context) {
    if (all === items.length > 0) {
      throw new KamiError('KAMI_USAGE', {
        message: all ? '--all takes everything away already.' : 'Nothing is named that could be taken away.',
        fix: `Name permissions (kami permissions ${id} lists them), or use --all alone.`,
      });
    }
    const remove = items.map(parseGrantSelector);
    const registry = await openRegistry(context.config.values.registry.databasePath);
    try {
      const tool = requireTool(registry.tools, id);
      const say = (text: string) => context.json || context.print(`${text}\n`);
      let after = noGrant;
      if (all) {
        say(
          revokeAll(registry, id)
            ? `${tool.id} is granted nothing any more.`
            : `Nothing was granted to ${tool.id}.`,
        );
      } else {
        const outcome = changeToolGrant(registry, id, { add: [], remove }, currentGrantor());
        after = outcome.after;
        for (const selector of remove) {
          const text = formatGrantSelector(selector);
          const had = grantItems(outcome.before).some((item) => selects(selector, item));
          say(had ? `Revoked ${text} from ${tool.id}.` : `${text} was not granted to ${tool.id}.`);
        }
      }
      if (context.json) context.print(`${JSON.stringify({ id: tool.id, grant: grantJson(after) })}\n`);
      return 0;
    } finally {
      registry.close();
    }
  },
});
