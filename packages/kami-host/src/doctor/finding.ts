import type { ErrorCode } from '../errors/catalogue.ts';
import { isKamiError } from '../errors/kami-error.ts';

/** What is looked at. */
export type CheckName =
  | 'installation'
  | 'configuration'
  | 'folders'
  | 'registry'
  | 'tools'
  | 'permissions'
  | 'cache'
  | 'clients';

/** `problem`: something does not work. `warning`: it works, and somebody should know. */
export type FindingStatus = 'ok' | 'warning' | 'problem';

/** One thing that was looked at. Its texts may hold words of strangers: who prints them cleans them. */
export interface Finding {
  readonly status: FindingStatus;
  /** A sentence. */
  readonly what: string;
  /** How to mend it: a command, or what to do. Undefined with `ok`. */
  readonly fix: string | undefined;
  /** The error that KAMI would raise; undefined when it is no error of KAMI. */
  readonly code: ErrorCode | undefined;
}

export function ok(what: string): Finding {
  return { status: 'ok', what, fix: undefined, code: undefined };
}

export function warning(what: string, fix: string): Finding {
  return { status: 'warning', what, fix, code: undefined };
}

export function problem(what: string, fix: string): Finding {
  return { status: 'problem', what, fix, code: undefined };
}

/** An error that came up, as a finding. */
export function findingOf(error: unknown, status: FindingStatus = 'problem'): Finding {
  if (isKamiError(error)) return { status, what: error.message, fix: error.fix, code: error.code };
  const text = error instanceof Error ? error.message : String(error);
  return {
    status,
    what: `It could not be found out: ${text.split('\n', 1)[0]}.`,
    fix: 'Report it with the output of kami doctor --json.',
    code: 'KAMI_INTERNAL',
  };
}
