import { isObject, type JsonObject } from '../json.ts';
import { toJson } from '../to-json.ts';
import { messageOf, ToolDefinitionError } from '../tool-error.ts';
import { describesObject } from './describes-object.ts';
import { isStandardSchema, type StandardResult, type StandardSchema } from './standard.ts';

/** A schema of any kind, ready for use. */
export interface ResolvedSchema {
  readonly jsonSchema: JsonObject;
  readonly validate: (value: unknown) => StandardResult<unknown> | Promise<StandardResult<unknown>>;
}

/** How to get JSON Schema out of the libraries that keep it in a function of its own. */
const advice = new Map([
  ['zod', 'withJsonSchema(schema, z.toJSONSchema) of kami-guest'],
  ['valibot', 'toStandardJsonSchema(schema) of @valibot/to-json-schema'],
]);

function convert(schema: StandardSchema, side: 'input' | 'output'): unknown {
  const { vendor, jsonSchema } = schema['~standard'];
  if (jsonSchema !== undefined) return jsonSchema[side]({ target: 'draft-2020-12' });
  const todo = advice.get(vendor) ?? 'withJsonSchema(schema, convert) of kami-guest, or JSON Schema';
  throw new Error(`this schema of ${vendor} offers none. Write ${todo}.`);
}

/**
 * Reads a schema of either kind.
 * @throws ToolDefinitionError when it has no JSON Schema, or is no schema at all
 */
export function resolveSchema(schema: unknown, side: 'input' | 'output'): ResolvedSchema {
  const standard = isStandardSchema(schema);
  if (!standard && !isObject(schema)) {
    throw new ToolDefinitionError(
      `${side} must be a Standard Schema (zod, arktype, valibot) or JSON Schema.`,
    );
  }
  try {
    return {
      jsonSchema: toJson(standard ? convert(schema, side) : schema, 'it') as JsonObject,
      // The host checks values against a JSON Schema; a validator in the guest would outweigh most tools.
      validate: standard ? (value) => schema['~standard'].validate(value) : (value) => ({ value }),
    };
  } catch (error) {
    throw new ToolDefinitionError(`${side} can't be written as JSON Schema: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * Reads an input schema, which MCP wants to describe an object with `type: "object"` at its root.
 * @throws ToolDefinitionError as resolveSchema, and when the schema takes anything but objects
 */
export function resolveInputSchema(schema: unknown): ResolvedSchema {
  const { jsonSchema, validate } = resolveSchema(schema, 'input');
  if (!describesObject(jsonSchema)) {
    throw new ToolDefinitionError(
      `input must describe an object: MCP passes arguments by name. Its type is ${JSON.stringify(jsonSchema.type)}.`,
    );
  }
  return {
    jsonSchema: { ...jsonSchema, type: 'object' },
    validate: (value) =>
      isObject(value) ? validate(value) : { issues: [{ message: 'expected an object' }] },
  };
}
