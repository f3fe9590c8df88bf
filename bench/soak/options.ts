import { parseArgs } from 'node:util';
import { UsageError } from '../options.ts';

export interface SoakOptions {
  /** How long clients call and tools come and go; starting and looking at what is left come on top. */
  readonly seconds: number;
  readonly json: boolean;
}

const usualSeconds = 600;
const quickSeconds = 30;

/** @throws UsageError */
export function parseSoakOptions(args: readonly string[]): SoakOptions {
  const { seconds, quick, json } = readFlags(args);
  const asked = seconds === undefined ? (quick ? quickSeconds : usualSeconds) : Number(seconds);
  if (!Number.isInteger(asked) || asked < 10) throw new UsageError('--seconds is a whole number from 10');
  return { seconds: asked, json };
}

function readFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seconds: { type: 'string' },
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    }).values;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${why}\n  fix: npm run soak -- [--seconds N] [--quick] [--json]`, { cause });
  }
}
