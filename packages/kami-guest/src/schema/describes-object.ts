import { isObject, type JsonObject } from '../json.ts';

function follow(ref: unknown, root: JsonObject): unknown {
  if (typeof ref !== 'string' || !ref.startsWith('#')) return undefined;
  let at: unknown = root;
  for (const part of ref.split('/').slice(1)) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    at = isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }
  return at;
}

/**
 * Whether a JSON Schema can describe nothing but objects: by its type, by all branches of a union, by one
 * branch of an intersection, or by what a local `$ref` points to.
 */
export function describesObject(schema: unknown, root: JsonObject, depth = 0): boolean {
  if (!isObject(schema) || depth > 16) return false;
  if (schema.type !== undefined) return schema.type === 'object';
  const is = (branch: unknown): boolean => describesObject(branch, root, depth + 1);
  for (const key of ['anyOf', 'oneOf']) {
    const branches = schema[key];
    if (Array.isArray(branches) && branches.length > 0 && branches.every(is)) return true;
  }
  if (Array.isArray(schema.allOf) && schema.allOf.some(is)) return true;
  return schema.$ref !== undefined && is(follow(schema.$ref, root));
}
