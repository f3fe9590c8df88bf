import { isKamiError } from '../errors/kami-error.ts';
import { cleanText } from './clean-text.ts';
import { createStyle } from './style.ts';

export interface RenderErrorOptions {
  readonly color: boolean;
  /** One line of JSON: `{ "error": { code, message, fix, data? } }`. */
  readonly json: boolean;
  /** Also show what caused it, and the stack of a defect. */
  readonly verbose: boolean;
}

/**
 * What the `kami` command says about an error, without a line end: what happened, how to mend it, and the code.
 * An error that is not a KamiError is a defect of KAMI, and is called so.
 */
export function renderError(error: unknown, { color, json, verbose }: RenderErrorOptions): string {
  if (json) return JSON.stringify({ error: isKamiError(error) ? error.toJSON() : defect(error) });
  const style = createStyle(color);
  const label = style.red(style.bold('error:'));
  const lines: string[] = [];
  if (isKamiError(error)) {
    lines.push(`${label} ${paragraph(error.message, '')}`);
    lines.push(`  ${style.bold('fix:')} ${paragraph(error.fix, '       ')}`);
    if (verbose)
      lines.push(...causes(error).map((cause) => style.dim(`  cause: ${paragraph(cause, '         ')}`)));
    lines.push(style.dim(`  ${error.code}`));
  } else {
    const { code, message, fix } = defect(error);
    lines.push(`${label} ${message}`);
    const stack = error instanceof Error ? error.stack : undefined;
    if (verbose && stack !== undefined) lines.push(style.dim(paragraph(stack, '  ')));
    lines.push(`  ${style.bold('fix:')} ${verbose ? 'Report it with the lines above.' : fix}`);
    lines.push(style.dim(`  ${code}`));
  }
  return lines.join('\n');
}

function defect(error: unknown): { code: string; message: string; fix: string } {
  return {
    code: 'KAMI_INTERNAL',
    message: `KAMI hit a defect: ${cleanText(describe(error)) || 'an error without a message'}`,
    fix: 'Run the command again with --verbose to see where, and report it.',
  };
}

function describe(error: unknown): string {
  try {
    return String(error);
  } catch {
    return 'something that can not be shown was thrown';
  }
}

/** Cleans a text of several lines and sets the later ones under the first; lines without content fall away. */
function paragraph(text: string, indent: string): string {
  const lines = cleanText(text, { multiline: true }).split('\n');
  return lines.filter((line) => line.trim() !== '').join(`\n${indent}`);
}

const maxCauses = 5;

function causes(error: Error): string[] {
  const found: string[] = [];
  for (let cause = error.cause; cause !== undefined && found.length < maxCauses; ) {
    found.push(describe(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return found;
}
