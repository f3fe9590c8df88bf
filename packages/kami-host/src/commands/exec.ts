import { requireTool } from '../registry/require-tool.ts';
import { openToolHost } from '../runtime/tool-host.ts';
import { inputOptions, readInput } from './call-input.ts';
import { logTo, reportCall } from './call-report.ts';
import { defineCommand } from './command.ts';

export const exec = defineCommand({
  builder: (yargs) =>
    inputOptions(
      yargs
        .positional('id', { type: 'string', demandOption: true, describe: 'Id of an installed tool' })
        .option('concurrency', { type: 'number', describe: 'Calls that may run at the same time' })
        .option('isolation', { type: 'string', describe: 'cell (processes of their own) or thread' })
        .option('cache-size', { type: 'number', describe: 'Compiled components to keep' }),
    )
      .example('$0 exec dev.kami.hello-world --input \'{"name":"Ada"}\'', 'call a tool')
      .example(
        'echo \'{"name":"Ada"}\' | $0 exec dev.kami.hello-world --input-file - --json',
        'from a script',
      ),

  async run(args, context) {
    const input = await readInput(args);
    const host = await openToolHost(context.config);
    try {
      const { id } = requireTool(host.registry.tools, args.id);
      const onLog = logTo(context.logger.child({ tool: id }));
      const result = await host.call(id, input, { signal: context.signal, onLog });
      return reportCall(result, context, `kami grant ${id}`);
    } finally {
      await host.close('stop');
    }
  },
});
