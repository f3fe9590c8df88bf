import { hostInstallDeps } from '../install/host-deps.ts';
import { uninstallTool } from '../install/uninstall-tool.ts';
import { openToolHost } from '../runtime/tool-host.ts';
import { defineCommand } from './command.ts';

export const uninstall = defineCommand({
  builder: (yargs) =>
    yargs
      .positional('id', { type: 'string', demandOption: true, describe: 'Id of an installed tool' })
      .example('$0 uninstall dev.kami.echo', 'remove a tool and all that belongs to it'),

  async run({ id }, context) {
    const host = await openToolHost(context.config);
    try {
      const { cleanup } = await uninstallTool(hostInstallDeps(host), id);
      for (const problem of cleanup.problems) context.logger.warn(problem);
      context.print(
        context.json ? `${JSON.stringify({ status: 'uninstalled', id })}\n` : `Uninstalled ${id}.\n`,
      );
      return 0;
    } finally {
      await host.close('stop');
    }
  },
});
