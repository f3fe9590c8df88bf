import { isJsonObject, type Json, type JsonObject } from '../model/json.ts';
import { accepted, type Check, oneOf, plainText, refused, trueOrFalse } from '../model/toml/checks.ts';
import { nearest } from '../model/toml/suggest.ts';
import type { ToolAnnotations, ToolArgument } from '../model/tool.ts';
import { manifestBounds } from './manifest-shapes.ts';

/**
 * A JSON object written as text, as TOML has no null: `input_schema = '{ "type": "object" }'`.
 * The value is deeply frozen.
 */
export const jsonObjectText: Check<JsonObject> = (value) => {
  const form = 'a JSON object as text';
  if (typeof value !== 'string') return refused(form, `'{ "type": "object" }'`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    return refused(`${form}; this is not valid JSON`);
  }
  const json = toJson(parsed);
  if (json === undefined) return refused(`${form}, nested at most ${manifestBounds.jsonDepth} deep`);
  return isJsonObject(json) ? accepted(json) : refused(form, `'{ "type": "object" }'`);
};

const hints = ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint'] as const;
const title = plainText({ maxLength: manifestBounds.name });

/** MCP's tool annotations as JSON text. */
export const annotationsText: Check<ToolAnnotations> = (value) => {
  const object = jsonObjectText(value);
  if (!object.ok) return object;
  for (const [key, item] of Object.entries(object.value)) {
    const check: Check<unknown> | undefined =
      key === 'title' ? title : hints.some((hint) => hint === key) ? trueOrFalse : undefined;
    if (check === undefined) {
      const meant = nearest(key, ['title', ...hints]);
      const question = meant === undefined ? '' : `; did you mean ${meant}?`;
      return refused(`JSON with the keys title, ${hints.join(', ')}${question}`);
    }
    const checked = check(item);
    if (!checked.ok) return refused(`JSON whose ${key} is ${checked.must}`);
  }
  return accepted(object.value as ToolAnnotations);
};

const argumentTypes = ['string', 'number', 'integer', 'boolean', 'array', 'object'] as const;
export const argumentType: Check<ToolArgument['type']> = oneOf(argumentTypes, 'string');

/** Names that clients and models take as keys of an object. */
export const argumentName: Check<string> = (value) =>
  typeof value === 'string' && /^[A-Za-z0-9_.-]{1,64}$/.test(value) && value !== '__proto__'
    ? accepted(value)
    : refused('1 to 64 letters, digits, "_", "-" or "."', '"text"');

/** The default of an argument: a JSON value of its type, deeply frozen. */
export function argumentDefault(type: ToolArgument['type']): Check<Json> {
  return (value) => {
    const json = toJson(value);
    if (json === undefined) {
      return refused(
        `a JSON value of the type ${type}: no date, infinity, or nesting beyond ${manifestBounds.jsonDepth}`,
      );
    }
    return hasType(json, type)
      ? accepted(json)
      : refused(`of the type ${type}, as the argument is`, examples[type]);
  };
}

const examples: Readonly<Record<ToolArgument['type'], string>> = {
  string: '"text"',
  number: '1.5',
  integer: '1',
  boolean: 'true',
  array: '[]',
  object: '{}',
};

function hasType(json: Json, type: ToolArgument['type']): boolean {
  if (type === 'integer') return Number.isInteger(json);
  if (type === 'array') return Array.isArray(json);
  if (type === 'object') return isJsonObject(json);
  return typeof json === type;
}

/** A frozen copy of a parsed value; undefined when JSON can't carry it or it is nested too deep. */
function toJson(value: unknown, depth = 0): Json | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  // Adding 0 turns -0, which TOML can tell from 0 and JSON can't, into 0.
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : undefined;
  if (typeof value !== 'object' || value instanceof Date || depth >= manifestBounds.jsonDepth)
    return undefined;
  if (Array.isArray(value)) {
    const items = value.map((item) => toJson(item, depth + 1));
    return items.every((item) => item !== undefined) ? Object.freeze(items) : undefined;
  }
  const pairs: [string, Json][] = [];
  for (const [key, item] of Object.entries(value)) {
    const json = toJson(item, depth + 1);
    if (json === undefined) return undefined;
    pairs.push([key, json]);
  }
  // fromEntries defines own properties: a key named __proto__ stays a key.
  return Object.freeze(Object.fromEntries(pairs));
}
