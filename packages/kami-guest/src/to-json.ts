import { formatPath, type Json } from './json.ts';
import { InvalidOutputError } from './tool-error.ts';

/** What JSON has no form for, though JSON.stringify would make `{}` or null of it without a word. */
function unfit(value: unknown): string | undefined {
  switch (typeof value) {
    case 'bigint':
      return 'a BigInt; return a number or a string';
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    case 'undefined':
      return 'undefined; return null';
    case 'number':
      return Number.isFinite(value) ? undefined : `${value}, which JSON has no number for`;
    case 'object':
      if (value instanceof Map) return 'a Map; return Object.fromEntries(map)';
      if (value instanceof Set) return 'a Set; return [...set]';
      if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
        return 'binary data; return it with image(), audio() or resource()';
      }
      if (value instanceof Promise) return 'a promise; await it';
      if (value instanceof RegExp || value instanceof Error) return `a ${value.constructor.name}`;
      return undefined;
    default:
      return undefined;
  }
}

/**
 * A value as JSON carries it: `toJSON` applied, optional properties that are undefined left out.
 * @param root what the value is called where its own path is empty
 * @throws InvalidOutputError naming the path of what JSON can't carry
 */
export function toJson(value: unknown, root: string): Json {
  const path: PropertyKey[] = [];
  const open = new Set<unknown>();

  function fail(problem: string): never {
    throw new InvalidOutputError(`JSON can't carry ${formatPath(path, root)}: it is ${problem}.`);
  }

  function visit(given: unknown, key: string): Json {
    const hasToJson = typeof given === 'object' && given !== null && 'toJSON' in given;
    const current: unknown = hasToJson && typeof given.toJSON === 'function' ? given.toJSON(key) : given;
    const problem = unfit(current);
    if (problem !== undefined) fail(problem);
    if (typeof current !== 'object' || current === null) return current as Json;
    if (open.has(current)) fail('part of itself (a cycle)');
    open.add(current);
    const result = Array.isArray(current)
      ? Array.from(current, (item: unknown, index) => step(item, index))
      : // fromEntries defines properties: a key named __proto__ stays a key.
        Object.fromEntries(
          Object.entries(current).flatMap(([name, item]: [string, unknown]) =>
            item === undefined ? [] : [[name, step(item, name)]],
          ),
        );
    open.delete(current);
    return result;
  }

  function step(item: unknown, key: string | number): Json {
    path.push(key);
    const result = visit(item, String(key));
    path.pop();
    return result;
  }

  return visit(value, '');
}
