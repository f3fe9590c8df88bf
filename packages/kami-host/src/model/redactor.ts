/** Replaces secrets in any text by a mark. */
export type Redactor = (text: string) => string;

/** The redactor of those who have no secret. */
export const hidesNothing: Redactor = (text) => text;

/** Shorter values would be found everywhere, and tell more by what is left than they hide. */
const minLength = 4;

const mark = '[secret]';

/**
 * Makes a function that hides secrets in logs, results and errors: the values as they are, as JSON text writes
 * them, percent-encoded, and in base64 and base64url wherever they begin in what was encoded.
 * Values of less than 4 characters are left alone.
 */
export function createRedactor(values: Iterable<string>): Redactor {
  const forms = new Set<string>();
  for (const value of values) {
    if (value.length < minLength) continue;
    for (const form of formsOf(value)) if (form.length >= minLength) forms.add(form);
  }
  if (forms.size === 0) return hidesNothing;
  // The longest first: a form may be the beginning of another.
  const found = [...forms].toSorted((a, b) => b.length - a.length).map(escapePattern);
  const pattern = new RegExp(found.join('|'), 'g');
  return (text) => text.replace(pattern, mark);
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

function formsOf(value: string): readonly string[] {
  const percent = encodeSafely(value);
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    percent,
    percent.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    percent.replaceAll('%20', '+'),
    encodeAll(value),
    ...base64Forms(Buffer.from(value, 'utf8')),
  ];
}

/**
 * Base64 of a value inside a longer text depends on where it begins, modulo 3. The characters at both ends also
 * carry bits of the neighbours, so only those are compared that the value alone decides.
 */
function base64Forms(bytes: Buffer): readonly string[] {
  return [0, 1, 2].flatMap((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const start = Math.ceil((offset * 8) / 6);
    const end = Math.floor(((offset + bytes.length) * 8) / 6);
    const decided = text.slice(start, end);
    return [decided, decided.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

function encodeSafely(value: string): string {
  return encodeURIComponent(value.toWellFormed());
}

/** Every character that is not a letter or digit percent-encoded, as strict encoders do. */
function encodeAll(value: string): string {
  return encodeSafely(value).replace(
    /[!'()*._~-]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
