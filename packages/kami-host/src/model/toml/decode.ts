import { isUtf8 } from 'node:buffer';

/** Largest TOML file that is read, bytes. */
export const maxTomlBytes = 256 * 1024;

/** Why bytes or a text are not read at all. */
export interface Unreadable {
  readonly line: number | undefined;
  readonly message: string;
  readonly fix: string;
}

export type Decoded =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problem: Unreadable };

/** The text of a TOML file: UTF-8, at most `maxTomlBytes`; a byte order mark stays, as TOML allows it. */
export function decodeToml(bytes: Uint8Array): Decoded {
  if (bytes.length > maxTomlBytes) return { ok: false, problem: tooLarge(bytes.length) };
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16) return { ok: false, problem: notUtf8('The file is UTF-16', undefined) };
  if (!isUtf8(bytes)) {
    const line = badLine(bytes);
    return { ok: false, problem: notUtf8(`Line ${line} is not valid UTF-8`, line) };
  }
  return { ok: true, text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes) };
}

export function tooLarge(size: number): Unreadable {
  return {
    line: undefined,
    message: `The file has ${size} bytes, but at most ${maxTomlBytes} are read.`,
    fix: `Make the file smaller than ${maxTomlBytes / 1024} KiB.`,
  };
}

function notUtf8(what: string, line: number | undefined): Unreadable {
  return { line, message: `${what}, but TOML is UTF-8.`, fix: 'Save the file with the encoding UTF-8.' };
}

/** A line end is never part of a longer UTF-8 sequence, so lines can be judged one by one. */
function badLine(bytes: Uint8Array): number {
  let line = 1;
  for (let from = 0; from < bytes.length; line += 1) {
    const end = bytes.indexOf(0x0a, from);
    const to = end < 0 ? bytes.length : end + 1;
    if (!isUtf8(bytes.subarray(from, to))) break;
    from = to;
  }
  return line;
}
