import { parse, TomlError } from 'smol-toml';
import { quoteText } from '../text.ts';
import { maxTomlBytes, tooLarge, type Unreadable } from './decode.ts';
import { locateValues } from './locate.ts';
import { findPosition, type Position, type TomlPath } from './position.ts';
import { tomlString } from './write.ts';

/** Arrays and inline tables inside one another; both TOML readers recurse as deep as this. */
const maxNesting = 32;

/** A TOML text that was parsed, and where everything in it is. Its tables have no prototype. */
export interface TomlDocument {
  readonly root: Readonly<Record<string, unknown>>;
  /** The place of a value; for one that is missing, of the nearest table around it. */
  locate(path: TomlPath): Position;
  /** A line of the text, from 1, without its end. */
  line(number: number): string;
}

export type ParsedToml =
  | { readonly ok: true; readonly document: TomlDocument }
  | { readonly ok: false; readonly problem: Unreadable & { readonly column: number | undefined } };

/** Parses TOML 1.0 of any origin: size and nesting are bounded, and it never throws. */
export function parseToml(text: string): ParsedToml {
  const size = Buffer.byteLength(text);
  if (size > maxTomlBytes) return { ok: false, problem: { ...tooLarge(size), column: undefined } };
  const lines = text.split(/\r?\n/);
  const line = (number: number) => lines[number - 1] ?? '';
  try {
    const root = parse(text, { maxDepth: maxNesting });
    const positions = locateValues(text);
    return { ok: true, document: { root, locate: (path) => findPosition(positions, path), line } };
  } catch (error) {
    return { ok: false, problem: syntaxProblem(error, line) };
  }
}

function syntaxProblem(
  error: unknown,
  line: (number: number) => string,
): Unreadable & { readonly column: number | undefined } {
  if (!(error instanceof TomlError)) {
    return {
      line: undefined,
      column: undefined,
      message: 'The file can not be read as TOML.',
      fix: 'Write the file anew, from the smallest that works.',
    };
  }
  // The parser's message carries a picture of the lines; the reason stands in its first line.
  const reason = (error.message.split('\n')[0] ?? '')
    .replace(/^Invalid TOML document: /, '')
    .replace(/\.$/, '');
  const source = line(error.line);
  const corrected = quotedValue(source);
  return {
    line: error.line,
    column: error.column,
    message: `This is not valid TOML: ${reason}. The line reads ${quoteText(source.trim(), 80)}.`,
    fix:
      corrected === undefined
        ? `Correct line ${error.line}; https://toml.io/en/v1.0.0 has the rules.`
        : `If this is a text, change line ${error.line} to: ${corrected}`,
  };
}

/** The commonest slip: a text without its quotes. */
function quotedValue(source: string): string | undefined {
  const match = /^(\s*[A-Za-z0-9_.-]{1,100}\s*=\s*)([^\s"'[{][^"'#]{0,200})$/.exec(source);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return `${match[1].trimStart()}${tomlString(match[2].trimEnd())}`;
}
