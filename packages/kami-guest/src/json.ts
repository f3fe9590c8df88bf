/** Any value that JSON can carry. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export function isObject(value: Json | undefined): value is JsonObject;
export function isObject(value: unknown): value is Record<string, unknown>;
export function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One step of a path; Standard Schema wraps some in an object. */
export type PathStep = PropertyKey | { readonly key: PropertyKey };

/** A path as code would spell it: `items[0].name`. The empty path is `root`. */
export function formatPath(path: readonly PathStep[], root: string): string {
  let text = '';
  for (const step of path) {
    const key = typeof step === 'object' ? step.key : step;
    const name = String(key);
    if (typeof key === 'number') text += `[${name}]`;
    else if (/^[\w$]+$/.test(name)) text += text === '' ? name : `.${name}`;
    else text += `[${JSON.stringify(name)}]`;
  }
  return text || root;
}
