import { isJsonObject, type Json, type JsonObject, type JsonSchema } from './json.ts';

/**
 * MCP's `structuredContent` is an object. An output of any other type is published as `{ "result": … }`,
 * in the schema and in every result alike.
 */
export function publishedOutputSchema(outputSchema: JsonSchema): JsonSchema {
  if (describesObject(outputSchema)) return outputSchema;
  const { $schema, $defs, definitions, ...result } = outputSchema;
  return {
    ...($schema === undefined ? {} : { $schema }),
    type: 'object',
    properties: { result },
    required: ['result'],
    // References such as `#/$defs/node` are counted from the root.
    ...($defs === undefined ? {} : { $defs }),
    ...(definitions === undefined ? {} : { definitions }),
  };
}

/** What a value becomes as `structuredContent`; undefined when it has no such form. */
export function structuredContentOf(
  value: Json,
  outputSchema: JsonSchema | undefined,
): JsonObject | undefined {
  if (outputSchema !== undefined && !describesObject(outputSchema)) return { result: value };
  return isJsonObject(value) ? value : undefined;
}

function describesObject(schema: JsonSchema): boolean {
  return schema.type === 'object';
}
