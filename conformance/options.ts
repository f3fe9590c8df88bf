import { parseArgs } from 'node:util';

export interface Options {
  /** Scenarios to run; all when empty. */
  readonly only: readonly string[];
  /** Revisions of the protocol to run them of. */
  readonly requirements: readonly string[];
  readonly json: boolean;
}

/** What was asked for does not exist; the message says what does. */
export class UsageError extends Error {}

const revisions = ['2025-11-25', '2026-07-28'];

/** @throws UsageError */
export function parseOptions(args: readonly string[]): Options {
  const { only, requirements, json } = readFlags(args);
  const unknown = requirements.filter((revision) => !revisions.includes(revision));
  if (unknown.length > 0) {
    throw new UsageError(
      `There are no requirements of ${unknown.join(', ')}, only of ${revisions.join(', ')}.`,
    );
  }
  return {
    only: only.flatMap((names) => names.split(',')),
    requirements: requirements.length === 0 ? revisions : requirements,
    json,
  };
}

function readFlags(args: readonly string[]) {
  try {
    return parse(args);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(
      `${why}\n  fix: npm run conformance -- [--only SCENARIO] [--requirements REVISION] [--json]`,
      { cause },
    );
  }
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      requirements: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
    },
  }).values;
}
