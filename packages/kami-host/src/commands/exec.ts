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
        .option('cache-size', { type: 'number', describe: 'Compiled components to keep' }),
    )
      .example('$0 exec dev.kami.hello-world --input \'{"name":"Ada"}\'', 'call a tool')
      .example(
        'echo \'{"name":"Ada"}\' | $0 exec dev.kami.hello-world --input-file - --json',
        'from a script',
      ),

  async run(args, context) {
    const input = await readInput(args);
    const host = await openToolHost(context.config.values);
    try {
      const { id } = requireTool(host.registry.tools, args.id);
      const onLog = logTo(context.logger.child({ tool: id }));
      return reportCall(await host.call(id, input, { signal: context.signal, onLog }), context);
    } finally {
      await host.close('stop');
    }
  },
});
