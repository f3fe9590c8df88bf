import { serveStdio } from '../mcp/serve-stdio.ts';
import { createServedTools } from '../mcp/served-tools.ts';
import { keepHeapSteady } from '../process/steady-heap.ts';
import type { EventSink } from '../runtime/events.ts';
import { openToolHost } from '../runtime/tool-host.ts';
import { defineCommand } from './command.ts';
import { ceilingsOf, checkServing, lastOf, readServingChoice, servingOptions } from './serving-flags.ts';

export const serve = defineCommand({
  builder: (yargs) =>
    servingOptions(yargs)
      .option('transport', {
        choices: ['stdio'] as const,
        default: 'stdio' as const,
        coerce: lastOf<'stdio'>,
        describe: 'How clients connect',
      })
      .option('concurrency', { type: 'number', describe: 'Calls that may run at the same time' })
      .option('isolation', { type: 'string', describe: 'cell (processes of their own) or thread' })
      .option('cache-size', { type: 'number', describe: 'Compiled components to keep' })
      .example('$0 serve', 'the command that an MCP client starts')
      .example('$0 serve --only dev.kami.echo,com.example.*', 'some of the tools')
      .example('$0 serve --profile work', 'what [profiles.work] of the configuration file says'),

  async run(args, context) {
    const { config, logger, signal } = context;
    const choice = readServingChoice(args, config);
    keepHeapSteady();
    const onEvent: EventSink = ({ kind, ...event }) => logger.debug(kind, event);
    const host = await openToolHost(config, onEvent, ceilingsOf(choice));
    try {
      const serving = checkServing(choice, { registry: host.registry, config }, logger.warn);
      const served = createServedTools(host, serving, logger);
      void host.runtime.warmUp();
      logger.info('serving MCP on stdio', { tools: served.tools().length });
      await serveStdio({ host: served, logger, version: context.version }, signal);
    } finally {
      await host.close('stop');
      logger.info('stopped', { ...host.runtime.counters() });
    }
    return 0;
  },
});
