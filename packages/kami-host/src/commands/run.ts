import { mkdirSync, realpathSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { readComponent } from '../install/read-component.ts';
import { createGrant } from '../model/grant.ts';
import { computePolicy } from '../policy/compute-policy.ts';
import { hash } from '../registry/artifact-store.ts';
import { toWriteError } from '../registry/file-errors.ts';
import { describedCall } from '../runtime/callable-tool.ts';
import { ownPaths } from '../runtime/own-paths.ts';
import { createScratchRuntime } from '../runtime/tool-host.ts';
import { inputOptions, readInput } from './call-input.ts';
import { logTo, reportCall, reportRefusals } from './call-report.ts';
import { defineCommand, type ExitCode } from './command.ts';
import { currentGrantor, grantOption, readGrantItems } from './grant-flags.ts';
import { learnedSecurity, noteUses } from './learn.ts';

export const run = defineCommand({
  builder: (yargs) =>
    grantOption(
      inputOptions(
        yargs
          .positional('file', { type: 'string', demandOption: true, describe: 'A component (.wasm)' })
          .option('max-memory-mb', { type: 'number', describe: 'Memory the call may use, MiB' })
          .option('timeout-ms', { type: 'number', describe: 'Time the call may take, ms' })
          .option('fuel', { type: 'number', describe: 'Instructions the call may execute' })
          .option('isolation', { type: 'string', describe: 'cell (a process of its own) or thread' })
          .option('learn', {
            type: 'boolean',
            default: false,
            describe: 'Print the smallest [security] table that the call needs, not its result',
          }),
      ),
    )
      .example('$0 run dist/echo.wasm --input \'{"text":"hi"}\'', 'call a component that is not installed')
      .example('$0 run dist/fetch.wasm --grant net=example.com', 'let it reach one host in this call')
      .example('$0 run dist/fetch.wasm --learn', 'see what to ask for in tool.toml'),

  async run(args, context): Promise<ExitCode> {
    const input = await readInput(args);
    const { values } = context.config;
    const items = readGrantItems(args.grant, context.config);
    const bytes = await readComponent({ kind: 'component', path: resolve(args.file) });
    const key = hash(bytes);
    const origin = { key, source: basename(args.file), read: async () => bytes };
    // Only the flags grant: what an installed tool of these bytes may do, and what it asks for, play no part.
    const grant = createGrant(items, currentGrantor());
    const privateFolder = join(values.dataDir, 'cache', 'run', key);
    const policy = computePolicy({
      grant,
      config: values,
      paths: {
        packageFolder: undefined,
        privateFolder: grant.fileSystem === 'sandbox' ? made(privateFolder) : privateFolder,
        kamiFolders: ownPaths(context.config),
      },
    });
    for (const { item, reason } of policy.denied) context.reporter.note(`${item} is denied: ${reason}.`);

    const { used, notes } = noteUses();
    const runtime = createScratchRuntime(values);
    try {
      const described = describedCall(await runtime.describe(origin));
      const result = await runtime.call(
        {
          ...{ name: key, origin, domain: key, policy, notes },
          values: { secrets: () => new Map(), environment: process.env },
          ...described,
        },
        input,
        { signal: context.signal, onLog: logTo(context.logger.child({ tool: origin.source })) },
      );
      if (!args.learn) return reportCall(result, context, '--grant');
      reportRefusals(result, context, '--grant');
      const security = learnedSecurity(result, used(), policy.limits);
      context.print(context.json ? `${JSON.stringify({ security, refusals: result.refusals })}\n` : security);
      return 0;
    } finally {
      await runtime.close('stop');
    }
  },
});

/** The private folder of a component that is not installed, for this user only. */
function made(folder: string): string {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return realpathSync(folder);
  } catch (error) {
    throw toWriteError(error, folder);
  }
}
