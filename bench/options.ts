import { parseArgs } from 'node:util';

export interface Options {
  /** Benchmarks to run; all when empty. */
  readonly only: readonly string[];
  readonly json: boolean;
  readonly quick: boolean;
  readonly list: boolean;
}

/** What was asked for does not exist; the message says what does. */
export class UsageError extends Error {}

/** @throws UsageError */
export function parseOptions(args: readonly string[]): Options {
  const values = readFlags(args);
  return { ...values, only: values.only.flatMap((names) => names.split(',')) };
}

function readFlags(args: readonly string[]) {
  try {
    return parse(args);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${why}\n  fix: npm run bench -- [--only NAME] [--quick] [--json] [--list]`, {
      cause,
    });
  }
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    },
  }).values;
}
