import yargs, { type Argv } from 'yargs';
import type { CommandContext, ExitCode } from './commands/command.ts';
import { type CommandEntry, commandTable } from './commands/table.ts';
import { loadConfigDespite } from './config/load-config.ts';
import { isKamiError, KamiError } from './errors/kami-error.ts';
import { createLogger } from './terminal/logger.ts';
import { onReaderGone, printText, tellText, terminalWidth } from './terminal/output.ts';
import { renderError } from './terminal/render-error.ts';
import { createReporter } from './terminal/reporter.ts';
import { createStyle, hasColor } from './terminal/style.ts';
import { kamiVersion } from './version.ts';

interface GlobalFlags {
  readonly json: boolean;
  readonly verbose: number;
  readonly [flag: string]: unknown;
}

/**
 * Runs one `kami` command.
 * @returns the exit code: 0 success, 1 KAMI error or a problem that was looked for, 2 wrong usage, 3 the tool failed
 */
export async function main(argv: readonly string[]): Promise<number> {
  const stop = new AbortController();
  const onSignal = () => {
    stop.abort(
      new KamiError('KAMI_CANCELLED', {
        message: 'The command was interrupted before it was done.',
        fix: 'Run it again. What was installed before is unchanged.',
      }),
    );
  };
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  // `kami list | head -1` is no failure.
  onReaderGone(() => {});
  try {
    return await dispatch(argv, stop.signal);
  } catch (error) {
    return report(error, argv);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

async function dispatch(argv: readonly string[], signal: AbortSignal): Promise<number> {
  let exitCode: ExitCode = 0;
  const parser = globalFlags(yargs([...argv]));
  for (const entry of commandTable) {
    parser.command(
      entry.usage,
      entry.summary,
      async (builder) => (await entry.load()).builder(builder),
      async (args) => {
        exitCode = await runCommand(entry, args as unknown as GlobalFlags, signal);
      },
    );
  }
  // Help, version and what is wrong with the words of the command line are for us to print.
  let printed = '';
  await parser.parseAsync([...argv], {}, (_error, _args, output) => {
    printed = output;
  });
  if (printed !== '') printText(`${printed}\n`);
  return exitCode;
}

function globalFlags(parser: Argv): Argv {
  return parser
    .scriptName('kami')
    .usage('$0 <command>\n\nRun tools for AI agents in a sandbox, and serve them to MCP clients.')
    .option('config', { type: 'string', describe: 'Configuration file', group: 'Global:' })
    .option('db', { type: 'string', describe: 'Registry file', group: 'Global:' })
    .option('data-dir', { type: 'string', describe: 'Folder for all that KAMI keeps', group: 'Global:' })
    .option('json', { type: 'boolean', default: false, describe: 'Print JSON on stdout', group: 'Global:' })
    .option('verbose', {
      alias: 'v',
      type: 'count',
      describe: 'Say more on stderr (-vv, -vvv)',
      group: 'Global:',
    })
    .option('log-format', { type: 'string', describe: 'plain or json', group: 'Global:' })
    .alias({ help: 'h' })
    .group(['help', 'version'], 'Global:')
    .version(kamiVersion())
    .demandCommand(1, 'Name a command.')
    .strict()
    .recommendCommands()
    .locale('en')
    .parserConfiguration({ 'duplicate-arguments-array': false })
    .wrap(Math.min(100, terminalWidth() ?? 100))
    .epilogue(
      'Exit codes: 0 success, 1 error, 2 wrong usage, 3 the tool failed.\nHelp for a command: kami <command> --help',
    )
    .exitProcess(false)
    .fail((message, error: Error | undefined) => {
      if (error !== undefined && error.name !== 'YError') throw error;
      throw usageError(message ?? error?.message ?? 'The command line can not be read.');
    });
}

function usageError(message: string): KamiError {
  const [first = message] = message.split('\n', 1);
  return new KamiError('KAMI_USAGE', {
    message: /[.?!]$/.test(first) ? first : `${first}.`,
    fix: 'See what there is: kami --help, or kami <command> --help',
  });
}

async function runCommand(entry: CommandEntry, flags: GlobalFlags, signal: AbortSignal): Promise<ExitCode> {
  const context = createContext(entry, flags, signal);
  const command = await entry.load();
  return command.run(flags as never, context);
}

function createContext(entry: CommandEntry, flags: GlobalFlags, signal: AbortSignal): CommandContext {
  const { config, problem } = loadConfigDespite({ flags });
  if (problem !== undefined && entry.isForBrokenConfig !== true) throw problem;
  const logger = createLogger(config.values.logging);
  for (const { message, fix } of config.warnings) logger.warn(`${message} ${fix}`);
  const { stdin, stdout, stderr, env } = process;
  return {
    version: kamiVersion(),
    config,
    configProblem: problem,
    logger,
    reporter: createReporter({ stream: stderr, silent: flags.json, color: hasColor(stderr, env) }),
    json: flags.json,
    interactive: stdin.isTTY === true && stderr.isTTY === true && !flags.json && env.CI === undefined,
    style: createStyle(hasColor(stdout, env)),
    width: terminalWidth(),
    signal,
    print: printText,
  };
}

/** Tells what went wrong: with `--json` on stdout, where a script looks, otherwise on stderr. */
function report(error: unknown, argv: readonly string[]): number {
  const json = argv.includes('--json');
  const verbose = argv.some((word) => /^(-v+|--verbose)$/.test(word));
  const text = renderError(error, { json, verbose, color: hasColor(process.stderr, process.env) });
  (json ? printText : tellText)(`${text}\n`);
  return isKamiError(error) ? error.exitCode : 1;
}
