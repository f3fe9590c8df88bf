import { formatPath, type Json } from './json.ts';
import type { StandardIssue } from './schema/standard.ts';

/** How a call failed, as the result convention names it. */
export type FailureKind = 'tool-error' | 'exception' | 'invalid-input' | 'invalid-output';

export interface ToolErrorOptions {
  /** The tool's own name for the failure, such as `NOT_FOUND`. */
  readonly code?: string;
  /** Anything JSON can carry that helps the model or a program to go on. */
  readonly data?: Json;
  readonly cause?: unknown;
}

// Registered, so that two copies of this package in one bundle know each other's errors.
const brand = Symbol.for('kami-guest.tool-error');

/**
 * A clean failure of a tool: the model reads the message. Throw it from a handler.
 *
 * @example
 * throw new ToolError('No city is called "Atlantis".', { code: 'NOT_FOUND' });
 */
export class ToolError extends Error {
  override readonly name: string = 'ToolError';
  declare readonly code: string | undefined;
  declare readonly data: Json | undefined;
  readonly kind: FailureKind = 'tool-error';

  constructor(message: string, options: ToolErrorOptions = {}) {
    super(message, options);
    this.code = options.code;
    this.data = options.data;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** The input does not fit the tool's schema. `data.issues` lists each problem. */
export class InvalidInputError extends ToolError {
  override readonly name: string = 'InvalidInputError';
  override readonly kind: FailureKind = 'invalid-input';
}

/** What the handler returned does not fit the tool's output schema, or is nothing that JSON can carry. */
export class InvalidOutputError extends ToolError {
  override readonly name: string = 'InvalidOutputError';
  override readonly kind: FailureKind = 'invalid-output';
}

/** The handler threw something that is no ToolError; `cause` is what it threw. */
export class HandlerError extends ToolError {
  override readonly name: string = 'HandlerError';
  override readonly kind: FailureKind = 'exception';
}

/** A kamiTool() definition that can't work. Thrown while the author's module loads, so at build time. */
export class ToolDefinitionError extends Error {
  override readonly name = 'ToolDefinitionError';
}

export function isToolError(value: unknown): value is ToolError {
  return (value as Record<symbol, unknown> | null | undefined)?.[brand] === true;
}

/** The message of anything that was thrown: an error's own, the text of everything else. Never throws. */
export function messageOf(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return String(thrown.message) || String(thrown.name);
    return String(thrown);
  } catch {
    return 'Something unprintable was thrown.';
  }
}

/** Turns anything a handler threw into a ToolError. */
export function wrapError(thrown: unknown): ToolError {
  return isToolError(thrown) ? thrown : new HandlerError(messageOf(thrown), { cause: thrown });
}

const shownIssues = 10;

/** The error for a value that its schema refused. It shows the first ten issues. */
export function issuesError(side: 'input' | 'output', issues: readonly StandardIssue[]): ToolError {
  const shown = issues
    .slice(0, shownIssues)
    .map(({ path = [], message }) => ({ path: formatPath(path, side), message }));
  const text = shown.map(({ path, message }) => `${path}: ${message}`).join('; ');
  const more = issues.length - shown.length;
  const Kind = side === 'input' ? InvalidInputError : InvalidOutputError;
  return new Kind(`The ${side} does not fit the schema. ${text}${more > 0 ? `; and ${more} more` : ''}`, {
    data: { issues: shown },
  });
}
