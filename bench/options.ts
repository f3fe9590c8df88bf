import { parseArgs } from 'node:util';

export interface Options {
  /** Benchmarks to run; all when empty. */
  readonly only: readonly string[];
  readonly json: boolean;
  readonly quick: boolean;
  readonly list: boolean;
}

/** @throws TypeError for a flag that does not exist */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    },
  });
  return { ...values, only: values.only.flatMap((names) => names.split(',')) };
}
