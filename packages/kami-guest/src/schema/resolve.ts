import { isObject, type JsonObject } from '../json.ts';
import { toJson } from '../to-json.ts';
import { messageOf, ToolDefinitionError, type ValidationIssue } from '../tool-error.ts';
import { describesObject } from './describes-object.ts';
import { isStandardSchema, type StandardSchema } from './standard.ts';

export type Validation =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly ValidationIssue[] };

/** A schema of any kind, ready for use. */
export interface ResolvedSchema {
  readonly jsonSchema: JsonObject;
  readonly validate: (value: unknown) => Promise<Validation>;
}

/** How to get JSON Schema out of the libraries that don't offer it by themselves. */
const advice: Readonly<Record<string, string>> = {
  zod: 'zod has it since 4.2; for zod/mini write withJsonSchema(schema, z.toJSONSchema), with withJsonSchema from kami-guest',
  valibot: 'wrap it: toStandardJsonSchema(schema), from @valibot/to-json-schema',
  arktype: 'arktype has it since 2.1.28: update it',
};

function convert(schema: StandardSchema, side: 'input' | 'output'): unknown {
  const { vendor, jsonSchema } = schema['~standard'];
  if (jsonSchema === undefined) {
    const todo =
      advice[vendor] ?? 'use withJsonSchema(schema, convert) from kami-guest, or pass a JSON Schema object';
    throw new ToolDefinitionError(
      `The ${side} schema is made by ${vendor} and offers no JSON Schema, which MCP clients need. What to do: ${todo}.`,
    );
  }
  try {
    return jsonSchema[side]({ target: 'draft-2020-12' });
  } catch (error) {
    throw new ToolDefinitionError(
      `The ${side} schema (${vendor}) can't be written as JSON Schema: ${messageOf(error)}. Use a type that JSON has, and convert it in the handler.`,
      { cause: error },
    );
  }
}

function validator(schema: StandardSchema): ResolvedSchema['validate'] {
  return async (value) => {
    const result = await schema['~standard'].validate(value);
    if (result.issues === undefined) return { value: result.value };
    return {
      issues: result.issues.map(({ message, path = [] }) => ({
        message,
        path: path.map((step) => (typeof step === 'object' ? step.key : step)),
      })),
    };
  };
}

function asDocument(document: unknown, side: 'input' | 'output'): JsonObject {
  if (!isObject(document)) {
    throw new ToolDefinitionError(
      `The ${side} schema is ${document === null ? 'null' : typeof document}; it must be a Standard Schema (zod, arktype, valibot, …) or a JSON Schema object.`,
    );
  }
  try {
    return toJson(document, 'the schema') as JsonObject;
  } catch (error) {
    throw new ToolDefinitionError(`The ${side} schema is no JSON document. ${messageOf(error)}`);
  }
}

/**
 * Reads a schema of either kind.
 * @throws ToolDefinitionError when it has no JSON Schema, or is no schema at all
 */
export function resolveSchema(schema: unknown, side: 'input' | 'output'): ResolvedSchema {
  if (isStandardSchema(schema)) {
    return { jsonSchema: asDocument(convert(schema, side), side), validate: validator(schema) };
  }
  // The host checks values against the document; a validator for JSON Schema would be larger than most tools.
  return { jsonSchema: asDocument(schema, side), validate: async (value) => ({ value }) };
}

/**
 * Reads an input schema, which MCP wants to describe an object with `type: "object"` at its root.
 * @throws ToolDefinitionError as resolveSchema, and when the schema takes anything but objects
 */
export function resolveInputSchema(schema: unknown): ResolvedSchema {
  const { jsonSchema, validate } = resolveSchema(schema, 'input');
  if (!describesObject(jsonSchema, jsonSchema)) {
    const found = jsonSchema.type === undefined ? 'no type' : `type ${JSON.stringify(jsonSchema.type)}`;
    throw new ToolDefinitionError(
      `The input schema must describe an object, because MCP passes arguments by name; it has ${found}. Put it into an object: { value: … }.`,
    );
  }
  return {
    jsonSchema: { ...jsonSchema, type: 'object' },
    validate: async (value) =>
      isObject(value)
        ? await validate(value)
        : { issues: [{ path: [], message: `expected an object, received ${kindOf(value)}` }] },
  };
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : typeof value;
}
