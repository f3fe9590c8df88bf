import type { Block } from './content.ts';
import type { ToolResult } from './invoke.ts';
import type { Json, JsonObject } from './json.ts';
import { toJson } from './to-json.ts';
import { type FailureKind, InvalidInputError, messageOf, type ToolError } from './tool-error.ts';

/** The ok text of `run` by the convention `kami:result/1`. A tool that returned nothing says `{}`. */
export type SuccessEnvelope =
  | { readonly value?: Json }
  | { readonly content: readonly Block[]; readonly structuredContent?: JsonObject };

/** The err text of `run` by the convention `kami:result/1`. */
export interface FailureEnvelope {
  readonly kind: FailureKind;
  readonly message: string;
  readonly code?: string;
  readonly data?: Json;
}

/**
 * Reads the input text of `run`.
 * @throws InvalidInputError when it is not JSON
 */
export function parseInput(input: string): unknown {
  try {
    return JSON.parse(input);
  } catch (error) {
    throw new InvalidInputError(`The input is not JSON: ${messageOf(error)}`);
  }
}

/** Writes what a call gave as the ok text of `run`. */
export function serialiseOutput({ value, content }: ToolResult): string {
  // JSON.stringify leaves out what is undefined.
  return JSON.stringify(content === undefined ? { value } : { content, structuredContent: value });
}

/** Writes a failure as the err text of `run`. Never throws: data that JSON can't carry is left out. */
export function serialiseError(error: ToolError): string {
  const { kind, code, data } = error;
  const failure = { kind, message: messageOf(error), code: code === undefined ? code : String(code) };
  try {
    return JSON.stringify({ ...failure, data: data === undefined ? data : toJson(data, 'data') });
  } catch {
    return JSON.stringify(failure);
  }
}
