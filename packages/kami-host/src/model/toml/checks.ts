import { findDeceptive } from '../text.ts';
import { nearest } from './suggest.ts';
import { tomlString } from './write.ts';

/**
 * What a check makes of a value. `must` goes on from "but it must be …"; `suggestion` is the value, written
 * as TOML, that was most likely meant or that is a good one.
 */
export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly must: string; readonly suggestion?: string };

export type Check<T> = (value: unknown) => Checked<T>;

export function accepted<T>(value: T): Checked<T> {
  return { ok: true, value };
}

export function refused(must: string, suggestion?: string): Checked<never> {
  return { ok: false, must, ...(suggestion === undefined ? {} : { suggestion }) };
}

/** A whole number from `min` to `max`; `example` is suggested for anything else. */
export function wholeNumber(min: number, max: number, example: number): Check<number> {
  return (value) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
      ? accepted(value)
      : refused(`a whole number from ${min} to ${max}`, String(example));
}

/** A number from `min` to `max`, fractions included. */
export function numberBetween(min: number, max: number, example: number): Check<number> {
  return (value) =>
    typeof value === 'number' && value >= min && value <= max
      ? accepted(value)
      : refused(`a number from ${min} to ${max}`, String(example));
}

/** One of a few words; `example` is suggested when none is near. */
export function oneOf<const T extends string>(words: readonly T[], example: NoInfer<T>): Check<T> {
  const must = `one of ${words.map((word) => `"${word}"`).join(', ')}`;
  return (value) => {
    const known = words.find((word) => word === value);
    if (known !== undefined) return accepted(known);
    const meant = typeof value === 'string' ? nearest(value, words) : undefined;
    return refused(must, tomlString(meant ?? example));
  };
}

/** True or false. */
export const trueOrFalse: Check<boolean> = (value) =>
  typeof value === 'boolean'
    ? accepted(value)
    : refused('true or false, without quotes', value === 'true' ? 'true' : 'false');

export interface TextBounds {
  readonly maxLength: number;
  /** Line feeds and tabs are allowed. */
  readonly multiline?: boolean;
  /** A good value, suggested when there is no better. */
  readonly example?: string;
}

/** A text that is not empty, within a length, and shows what it is: no control, bidi or invisible characters. */
export function plainText(bounds: TextBounds): Check<string> {
  const allowed = bounds.multiline === true ? '\n\t' : '';
  const example = bounds.example === undefined ? undefined : tomlString(bounds.example);
  return (value) => {
    if (typeof value !== 'string') {
      // Whoever forgot the quotes around 1.0 meant that text.
      const meant = typeof value === 'number' || typeof value === 'boolean' ? `"${value}"` : example;
      return refused('a text in quotes', meant);
    }
    const text = bounds.multiline === true ? value.replaceAll('\r\n', '\n') : value;
    if (text.trim() === '') return refused('a text that is not empty', example);
    if (text.length > bounds.maxLength) {
      return refused(`at most ${bounds.maxLength} characters long (this has ${text.length})`);
    }
    const hidden = findDeceptive(text, allowed);
    if (hidden !== undefined) {
      return refused(`free of control, direction and invisible characters (this has ${hidden})`);
    }
    return accepted(text);
  };
}
