import { characterName, replaceDeceptive } from '../model/text.ts';

/**
 * Terminal sequences (ECMA-48): those with parameters, those with a text up to a terminator, the short ones. No
 * part may run over the beginning of another sequence, else many unfinished ones would take quadratic time.
 */
const withParameters = '(?:\\x1b\\[|\\x9b)[0-?]*[ -/]*[@-~]';
const withText =
  '(?:\\x1b[\\]PX^_]|[\\x9d\\x90\\x98\\x9e\\x9f])[^\\x07\\x1b\\x80-\\x9f]*(?:\\x07|\\x1b\\\\|\\x9c)';
const short = '\\x1b[ -/]*[0-Z\\\\^-~]';
const sequences = new RegExp(`${withParameters}|${withText}|${short}`, 'g');

export interface CleanTextOptions {
  /** Keep line feeds and tabs; otherwise both become a space. */
  readonly multiline?: boolean;
}

/**
 * A text of any origin made fit for a terminal: complete terminal sequences (colour, cursor, title, links) are
 * removed, and every other control, direction or invisible character is shown by its name, as `<U+202E>`.
 */
export function cleanText(text: string, options: CleanTextOptions = {}): string {
  const lines = text.replace(sequences, '').replaceAll('\r\n', '\n');
  return replaceDeceptive(lines, (character) => {
    if (character !== '\n' && character !== '\t') return `<${characterName(character)}>`;
    return options.multiline === true ? character : ' ';
  });
}
