import { parseInput } from '../envelope.ts';
import { isObject, type JsonObject } from '../json.ts';
import type { ComponentExports, Work } from './create-exports.ts';

/** What a component exports beside its tool: an interface, and what `describe()` says of it. */
export interface Offer<Names extends string> {
  readonly listed: Readonly<Record<string, readonly object[]>>;
  readonly functions: Readonly<Record<Names, Work>>;
}

/** An offer as the component exports it. */
export function exportOffer(
  { functions }: Offer<string>,
  asExport: ComponentExports['asExport'],
): Readonly<Record<string, (...texts: string[]) => Promise<string>>> {
  return Object.fromEntries(Object.entries(functions).map(([name, work]) => [name, asExport(work)]));
}

/** Reads an object of texts; what is no text in it is left out. */
export function readTexts(json = '{}'): Readonly<Record<string, string>> {
  const value = parseInput(json);
  const entries = Object.entries(isObject(value) ? (value as JsonObject) : {});
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

const maxSuggestions = 100;

/** What an author's `complete` suggests, as JSON. */
export async function suggestions(
  complete: unknown,
  value: string,
  others: string | undefined,
): Promise<string> {
  if (typeof complete !== 'function') return '[]';
  const found: unknown = await complete(value, readTexts(others));
  return JSON.stringify(Array.isArray(found) ? found.slice(0, maxSuggestions).map(String) : []);
}
