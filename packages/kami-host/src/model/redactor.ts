/** Replaces secrets in any text by a mark. */
export type Redactor = (text: string) => string;

/** The redactor of those who have no secret. */
export const hidesNothing: Redactor = (text) => text;

/** Shorter values would be found everywhere, and tell more by what is left than they hide. */
const minLength = 4;

const mark = '[secret]';

/**
 * Makes a function that hides secrets in logs, results and errors: the values as they are, as JSON text writes
 * them, percent-encoded, and in base64 and base64url wherever they begin in what was encoded. It does not matter
 * which characters an encoder leaves as they are.
 * Values of less than 4 characters are left alone.
 */
export function createRedactor(values: Iterable<string>): Redactor {
  const secrets = new Set<string>();
  for (const value of values) {
    if (value.length < minLength) continue;
    for (const form of [value, value.toWellFormed()]) secrets.add(form);
  }
  if (secrets.size === 0) return hidesNothing;
  const encoded = [...secrets].flatMap((value) => base64Forms(Buffer.from(value, 'utf8')));
  const plain = new Set([...secrets, ...encoded.filter((form) => form.length >= minLength)]);
  return (text) => {
    const found = [
      ...findAll({ text, position: (index) => index }, plain),
      ...readingsOf(text).flatMap((reading) => findAll(reading, secrets)),
    ];
    return found.length === 0 ? text : cover(text, found);
  };
}

/** A text as a decoder reads it. */
interface Reading {
  readonly text: string;
  /** Where in the text that was read the character with this index begins. */
  readonly position: (index: number) => number;
}

/** From the first character to behind the last one. */
type Range = readonly [start: number, end: number];

const jsonEscape = /\\(?:u[0-9a-fA-F]{4}|["\\/bfnrt])/g;
/** One character in UTF-8. */
const percentEscape =
  /%[0-7][0-9a-f]|%[cd][0-9a-f]%[89ab][0-9a-f]|%e[0-9a-f](?:%[89ab][0-9a-f]){2}|%f[0-7](?:%[89ab][0-9a-f]){3}/gi;
const formEscape = new RegExp(`\\+|${percentEscape.source}`, 'gi');

function readingsOf(text: string): readonly Reading[] {
  return [
    ...(text.includes('\\') ? [read(text, jsonEscape, decodeJson)] : []),
    ...(text.includes('%') ? [read(text, percentEscape, decodePercent)] : []),
    ...(text.includes('+') ? [read(text, formEscape, decodeForm)] : []),
  ];
}

function decodeJson(written: string): string {
  return JSON.parse(`"${written}"`) as string;
}

function decodeForm(written: string): string {
  return written === '+' ? ' ' : decodePercent(written);
}

function decodePercent(written: string): string {
  try {
    return decodeURIComponent(written);
  } catch {
    return written;
  }
}

function read(text: string, escapes: RegExp, decode: (written: string) => string): Reading {
  /** Where each escape ends in the decoded text, and by how much that text is shorter from there on. */
  const ends: number[] = [];
  const shifts: number[] = [];
  let shift = 0;
  const decoded = text.replace(escapes, (written, at: number) => {
    const character = decode(written);
    ends.push(at - shift + character.length);
    shift += written.length - character.length;
    shifts.push(shift);
    return character;
  });
  const position = (index: number): number => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ends[middle] ?? 0) <= index) low = middle + 1;
      else high = middle;
    }
    return index + (shifts[low - 1] ?? 0);
  };
  return { text: decoded, position };
}

function findAll({ text, position }: Reading, values: Iterable<string>): Range[] {
  const found: Range[] = [];
  for (const value of values) {
    let start = text.indexOf(value);
    while (start >= 0) {
      const end = start + value.length;
      found.push([position(start), position(end)]);
      start = text.indexOf(value, end);
    }
  }
  return found;
}

/** The text with a mark in place of each range; those that overlap become one. */
function cover(text: string, ranges: readonly Range[]): string {
  let [covered, end] = ['', 0];
  for (const [from, to] of ranges.toSorted(([a], [b]) => a - b)) {
    if (from >= end) covered += text.slice(end, from) + mark;
    end = Math.max(end, to);
  }
  return covered + text.slice(end);
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
