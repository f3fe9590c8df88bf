import type { ArgumentsCamelCase, Argv } from 'yargs';
import type { Config } from '../config/config.ts';
import type { KamiError } from '../errors/kami-error.ts';
import type { Logger } from '../model/logger.ts';
import type { Reporter } from '../terminal/reporter.ts';
import type { Style } from '../terminal/style.ts';

/** What a command works with; `main.ts` makes it from the global flags. */
export interface CommandContext {
  /** KAMI's own version. */
  readonly version: string;
  readonly config: Config;
  /** What is wrong with the settings, for the command that says so; all others don't begin then. */
  readonly configProblem: KamiError | undefined;
  readonly logger: Logger;
  readonly reporter: Reporter;
  /** `--json`: stdout carries one JSON document and nothing else. */
  readonly json: boolean;
  /** Whether a person is at the terminal who can be asked. */
  readonly interactive: boolean;
  /** For text on stdout. */
  readonly style: Style;
  /** Columns of the terminal; undefined when stdout is none. */
  readonly width: number | undefined;
  /** Aborted when the process is asked to end. */
  readonly signal: AbortSignal;
  /** Writes a whole text to stdout. */
  readonly print: (text: string) => void;
}

/**
 * 0: done. 1: what was examined is not in order, and the command has said so. 3: everything worked, and the tool that
 * was called failed. All else is thrown.
 */
export type ExitCode = 0 | 1 | 3;

/** One command: what it takes, and what it does. Its arguments are checked against each other where it is defined. */
export interface Command {
  readonly builder: (yargs: Argv) => Argv;
  readonly run: (args: never, context: CommandContext) => Promise<ExitCode>;
}

/** Defines a command whose `run` gets the arguments that its `builder` declares. */
export function defineCommand<Args>(command: {
  readonly builder: (yargs: Argv) => Argv<Args>;
  readonly run: (args: ArgumentsCamelCase<Args>, context: CommandContext) => Promise<ExitCode>;
}): Command {
  return command as unknown as Command;
}
