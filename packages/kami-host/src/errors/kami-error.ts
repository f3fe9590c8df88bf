import { catalogue, type ErrorCode } from './catalogue.ts';

export interface KamiErrorInit {
  /** What happened and why, in one or two sentences. */
  readonly message: string;
  /** How to mend it: the exact command, flag or line to change. */
  readonly fix: string;
  readonly cause?: unknown;
  /** Machine-readable details, printed with `--json`. Never secrets. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** The one error type that KAMI raises on purpose. Anything else that surfaces is a defect. */
export class KamiError extends Error {
  override readonly name = 'KamiError';
  readonly code: ErrorCode;
  readonly fix: string;
  readonly data: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, init: KamiErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = code;
    this.fix = init.fix;
    this.data = init.data;
  }

  /** `user`: the reader can mend it; `system`: the machine or KAMI is at fault. */
  get kind(): 'user' | 'system' {
    return catalogue[this.code].kind;
  }

  /** The exit code that the `kami` command ends with. */
  get exitCode(): 1 | 2 {
    return catalogue[this.code].exit;
  }

  toJSON(): Readonly<Record<string, unknown>> {
    return {
      code: this.code,
      message: this.message,
      fix: this.fix,
      ...(this.data === undefined ? {} : { data: this.data }),
    };
  }
}

export function isKamiError(error: unknown): error is KamiError {
  return error instanceof KamiError;
}
