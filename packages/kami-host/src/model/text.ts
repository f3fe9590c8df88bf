/**
 * Characters that may show another text than is there: controls, line separators, bidi controls, invisible
 * and ignorable characters, lone surrogates. Not among them are the joiners and variation selectors that
 * emoji and the Arabic and Indic scripts can't be written without, where these stand.
 */
const emojiSelector = '(?<=\\p{ExtPict})[\\ufe0e\\ufe0f]|(?<=[0-9#*])\\ufe0f(?=\\u20e3)';
const emojiJoiner = '(?<=[\\p{ExtPict}\\p{EMod}\\ufe0f])\\u200d(?=\\p{ExtPict})';
const joiningScripts = [
  'Arab',
  'Syrc',
  'Deva',
  'Beng',
  'Guru',
  'Gujr',
  'Orya',
  'Taml',
  'Telu',
  'Knda',
  'Mlym',
  'Sinh',
  'Khmr',
  'Mymr',
]
  .map((script) => `\\p{sc=${script}}`)
  .join('');
const scriptJoiner = `(?<=[${joiningScripts}])[\\u200c\\u200d]`;
const deceptive = new RegExp(
  `(?!${emojiSelector}|${emojiJoiner}|${scriptJoiner})[\\p{Cc}\\p{Zl}\\p{Zp}\\p{Cs}\\p{DI}\\p{NChar}\\ufff9-\\ufffb]`,
  'gu',
);

/** Replaces every deceptive character; `replace` gets the character. */
export function replaceDeceptive(text: string, replace: (character: string) => string): string {
  return text.replace(deceptive, replace);
}

/** The first deceptive character of a text that is not in `allowed`, by its Unicode name, such as `U+202E`. */
export function findDeceptive(text: string, allowed = ''): string | undefined {
  for (const [character] of text.matchAll(deceptive)) {
    if (!allowed.includes(character)) return characterName(character);
  }
  return undefined;
}

export function characterName(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** A text of unknown origin in quotes, on one line, cut to `maxLength` characters: safe in any message. */
export function quoteText(text: string, maxLength = 60): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  return `"${replaceDeceptive(cut, (character) => `<${characterName(character)}>`)}"`;
}
