import type { Diagnostic } from './diagnostic.ts';

/** What kept a component from being built. Permanent names: scripts may refer to them. */
export type BuildErrorCode =
  /** The entry file does not exist. */
  | 'no-entry'
  /** The entry's default export is missing, or is not what kamiTool() returns. */
  | 'not-a-tool'
  /** The code can't be bundled: a syntax error, or an import that leads nowhere. */
  | 'bundle'
  /** The code, or a package it uses, imports a module of Node. */
  | 'node-builtin'
  | 'type-check'
  /** The module's top-level code, which runs at build time, threw or did not end. */
  | 'initialise'
  /** The tool chain failed for a reason of its own. */
  | 'componentize';

export interface BuildErrorInit {
  readonly message: string;
  /** How to mend it. */
  readonly fix: string;
  readonly diagnostics?: readonly Diagnostic[];
  readonly cause?: unknown;
}

/** The one error that buildComponent() raises on purpose. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
  readonly code: BuildErrorCode;
  readonly fix: string;
  readonly diagnostics: readonly Diagnostic[];

  constructor(code: BuildErrorCode, init: BuildErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = code;
    this.fix = init.fix;
    this.diagnostics = init.diagnostics ?? [];
  }
}
