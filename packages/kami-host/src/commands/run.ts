import { basename, resolve } from 'node:path';
import { readComponent } from '../install/read-component.ts';
import { defaultLimits } from '../model/limits.ts';
import { hash } from '../registry/artifact-store.ts';
import { callableTool } from '../runtime/callable-tool.ts';
import { createScratchRuntime } from '../runtime/tool-host.ts';
import { inputOptions, readInput } from './call-input.ts';
import { logTo, reportCall } from './call-report.ts';
import { defineCommand } from './command.ts';

export const run = defineCommand({
  builder: (yargs) =>
    inputOptions(
      yargs
        .positional('file', { type: 'string', demandOption: true, describe: 'A component (.wasm)' })
        .option('max-memory-mb', { type: 'number', describe: 'Memory the call may use, MiB' })
        .option('timeout-ms', { type: 'number', describe: 'Time the call may take, ms' }),
    ).example('$0 run dist/echo.wasm --input \'{"text":"hi"}\'', 'call a component that is not installed'),

  async run(args, context) {
    const input = await readInput(args);
    const { values } = context.config;
    const bytes = await readComponent({ kind: 'component', path: resolve(args.file) });
    const runtime = createScratchRuntime(values);
    try {
      const origin = { key: hash(bytes), source: basename(args.file), read: async () => bytes };
      const limits = {
        ...defaultLimits,
        maxMemoryMb: values.sandbox.defaultMaxMemoryMb,
        timeoutMs: values.runtime.defaultTimeoutSecs * 1_000,
      };
      const tool = callableTool(origin, await runtime.describe(origin), limits);
      const onLog = logTo(context.logger.child({ tool: origin.source }));
      return reportCall(await runtime.call(tool, input, { signal: context.signal, onLog }), context);
    } finally {
      await runtime.close('stop');
    }
  },
});
