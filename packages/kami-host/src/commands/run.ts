import { basename, join, resolve } from 'node:path';
import { readComponent } from '../install/read-component.ts';
import { createGrant } from '../model/grant.ts';
import { computePolicy } from '../policy/compute-policy.ts';
import { hash } from '../registry/artifact-store.ts';
import { callableTool } from '../runtime/callable-tool.ts';
import { createScratchRuntime } from '../runtime/tool-host.ts';
import { inputOptions, readInput } from './call-input.ts';
import { logTo, reportCall } from './call-report.ts';
import { defineCommand } from './command.ts';
import { currentGrantor, grantOption, ownPaths, readGrantItems } from './grant-flags.ts';

export const run = defineCommand({
  builder: (yargs) =>
    grantOption(
      inputOptions(
        yargs
          .positional('file', { type: 'string', demandOption: true, describe: 'A component (.wasm)' })
          .option('max-memory-mb', { type: 'number', describe: 'Memory the call may use, MiB' })
          .option('timeout-ms', { type: 'number', describe: 'Time the call may take, ms' }),
      ),
    )
      .example('$0 run dist/echo.wasm --input \'{"text":"hi"}\'', 'call a component that is not installed')
      .example('$0 run dist/fetch.wasm --grant net=example.com', 'let it reach one host in this call'),

  async run(args, context) {
    const input = await readInput(args);
    const { values } = context.config;
    const items = readGrantItems(args.grant, context.config);
    const bytes = await readComponent({ kind: 'component', path: resolve(args.file) });
    const runtime = createScratchRuntime(values);
    try {
      const origin = { key: hash(bytes), source: basename(args.file), read: async () => bytes };
      // Only the flags grant: what an installed tool of these bytes may do, and what it asks for, play no part.
      const policy = computePolicy({
        grant: createGrant(items, currentGrantor()),
        config: values,
        paths: {
          packageFolder: undefined,
          privateFolder: join(values.dataDir, 'cache', 'run', origin.key),
          kamiFolders: ownPaths(context.config),
        },
      });
      for (const { item, reason } of policy.denied) context.reporter.note(`${item} is denied: ${reason}.`);
      const tool = callableTool(origin, await runtime.describe(origin), policy.limits);
      const onLog = logTo(context.logger.child({ tool: origin.source }));
      return reportCall(await runtime.call(tool, input, { signal: context.signal, onLog }), context);
    } finally {
      await runtime.close('stop');
    }
  },
});
