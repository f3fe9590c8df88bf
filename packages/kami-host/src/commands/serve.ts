import { serveStdio } from '../mcp/serve-stdio.ts';
import { keepHeapSteady } from '../process/steady-heap.ts';
import { openToolHost } from '../runtime/tool-host.ts';
import { defineCommand } from './command.ts';

export const serve = defineCommand({
  builder: (yargs) =>
    yargs
      .option('transport', {
        choices: ['stdio'] as const,
        default: 'stdio' as const,
        describe: 'How clients connect',
      })
      .option('concurrency', { type: 'number', describe: 'Calls that may run at the same time' })
      .option('isolation', { type: 'string', describe: 'cell (processes of their own) or thread' })
      .option('cache-size', { type: 'number', describe: 'Compiled components to keep' })
      .example('$0 serve', 'the command that an MCP client starts'),

  async run(_args, context) {
    const { logger, signal } = context;
    keepHeapSteady();
    const host = await openToolHost(context.config, ({ kind, ...event }) => logger.debug(kind, event));
    try {
      void host.runtime.warmUp();
      logger.info('serving MCP on stdio', { tools: host.tools().length });
      await serveStdio({ host, logger, version: context.version }, signal);
    } finally {
      await host.close('stop');
      logger.info('stopped', { ...host.runtime.counters() });
    }
    return 0;
  },
});
