import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** Something wrong at a place in the author's code. */
export interface Diagnostic {
  /** Relative to the project, with forward slashes. */
  readonly file: string;
  /** From 1; 0 when only the file is known. */
  readonly line: number;
  /** From 1, in UTF-16 units; 0 when only the line, or less, is known. */
  readonly column: number;
  readonly message: string;
  /** The code of the tool that found it, such as `TS2322`. */
  readonly code?: string;
  readonly severity: 'error' | 'warning';
  /** The lines around the place, numbered, with a mark under it. */
  readonly frame?: string;
}

/** One diagnostic as text, without colour: `file:line:column: severity: message [code]`, then the frame. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column, message, code, severity, frame } = diagnostic;
  const place = [file, ...(line > 0 ? [line] : []), ...(line > 0 && column > 0 ? [column] : [])].join(':');
  const head = `${place}: ${severity}: ${message}${code === undefined ? '' : ` [${code}]`}`;
  return frame === undefined ? head : `${head}\n\n${frame}\n`;
}

/** The same diagnostic with the frame from its file, when that can be read. */
export function withFrame(projectDir: string, diagnostic: Diagnostic): Diagnostic {
  if (diagnostic.line < 1) return diagnostic;
  try {
    const frame = codeFrame(readFileSync(resolve(projectDir, diagnostic.file), 'utf8'), diagnostic);
    return frame === undefined ? diagnostic : { ...diagnostic, frame };
  } catch {
    return diagnostic;
  }
}

const linesAround = 2;
const maxLineLength = 160;

/** The lines around a place of a text, numbered, with a mark under the place; undefined outside of the text. */
export function codeFrame(
  text: string,
  place: { readonly line: number; readonly column: number },
): string | undefined {
  const lines = text.split(/\r?\n/);
  if (place.line < 1 || place.line > lines.length) return undefined;
  const first = Math.max(1, place.line - linesAround);
  const last = Math.min(lines.length, place.line + linesAround);
  const width = String(last).length;
  const shown: string[] = [];
  for (let number = first; number <= last; number++) {
    const line = (lines[number - 1] ?? '').slice(0, maxLineLength);
    shown.push(`${number === place.line ? '>' : ' '} ${String(number).padStart(width)} | ${line}`.trimEnd());
    if (number === place.line && place.column > 0 && place.column <= maxLineLength) {
      // Tabs are kept, so that the mark stands under its place at any tab width.
      const before = line.slice(0, place.column - 1).replace(/[^\t]/g, ' ');
      shown.push(`  ${' '.repeat(width)} | ${before}^`);
    }
  }
  return shown.join('\n');
}
