import { isObject } from '../json.ts';

/**
 * Whether a JSON Schema describes objects only: by its type, or by all branches of a union or intersection.
 * A reference is believed: the `type: "object"` that is put beside it makes it so.
 */
export function describesObject(schema: unknown): boolean {
  if (!isObject(schema)) return false;
  if (schema.type !== undefined) return schema.type === 'object';
  const branches = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  return Array.isArray(branches) ? branches.every(describesObject) : '$ref' in schema;
}
