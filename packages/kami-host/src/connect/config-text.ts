import type { Json } from '../model/json.ts';

/** A text of a format that was read. Its tables have no prototype. */
export type ParsedText =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: TextProblem };

export interface TextProblem {
  /** Both from 1; undefined when the format does not tell. */
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** A sentence. */
  readonly message: string;
}

/**
 * How to change one value in a text of a format, and leave every other byte as it is. `path` are keys from the root.
 * `set` and `remove` take texts only that `parse` can read.
 */
export interface TextFormat {
  parse(text: string): ParsedText;
  /** The text with a value put in, or in the place of the one that is there. */
  set(text: string, path: readonly string[], value: Json): string;
  /** The text without a value; the same text when it is not there. */
  remove(text: string, path: readonly string[]): string;
}

/** A part of a text to put another one in its place. */
export interface TextEdit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Makes changes that do not overlap; of two at one place, the first comes first. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const backwards = edits.toSorted((a, b) => a.from - b.from).toReversed();
  return backwards.reduce((done, edit) => done.slice(0, edit.from) + edit.text + done.slice(edit.to), text);
}

/** The line end that a text uses: that of its first line. */
export function lineEndOf(text: string): '\n' | '\r\n' {
  return /\r?\n/.exec(text)?.[0] === '\r\n' ? '\r\n' : '\n';
}

/** Where the line begins that an offset is in. */
export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** Where the line ends that an offset is in, before its line end. */
export function lineStop(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  if (end < 0) return text.length;
  return text[end - 1] === '\r' && end > offset ? end - 1 : end;
}

/** The spaces and tabs that the line of an offset begins with. */
export function indentAt(text: string, offset: number): string {
  const [indent = ''] = /^[ \t]*/.exec(text.slice(lineStart(text, offset), offset)) ?? [];
  return indent;
}
