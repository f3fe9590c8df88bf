import { isJsonObject, type Json } from '../json.ts';

/** A text as a TOML string: literal where that spares escapes, else basic. Always on one line. */
export function tomlString(text: string): string {
  if (/["\\]/.test(text) && /^[\x20-\x26\x28-\x7e]*$/.test(text)) return `'${text}'`;
  return JSON.stringify(text).replaceAll('\u007f', '\\u007f');
}

export function tomlKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key).replaceAll('\u007f', '\\u007f');
}

/**
 * A JSON value as inline TOML.
 * @throws RangeError for what TOML can't hold: null, and numbers that are not finite
 */
export function tomlValue(value: Json): string {
  if (typeof value === 'string') return tomlString(value);
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return tomlNumber(value);
  if (isJsonObject(value)) {
    const pairs = Object.entries(value).map(([key, item]) => `${tomlKey(key)} = ${tomlValue(item)}`);
    return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
  }
  if (value === null) throw new RangeError('TOML has no null');
  return `[${value.map(tomlValue).join(', ')}]`;
}

function tomlNumber(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError('Only finite numbers can be written');
  // An integer too large to be exact is a float: written with an exponent it is read as one again.
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? value.toExponential() : String(value);
}
