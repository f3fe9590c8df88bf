import { formatPath, type Json } from './json.ts';
import { InvalidOutputError } from './tool-error.ts';

const unfitClasses = [Map, Set, Promise, RegExp, Error, ArrayBuffer];

/** What JSON has no form for, though JSON.stringify would make `{}` or null of it without a word. */
function unfit(value: unknown): string | undefined {
  if (typeof value === 'object') {
    const found = ArrayBuffer.isView(value) || unfitClasses.some((type) => value instanceof type);
    return found ? value?.constructor.name : undefined;
  }
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${value}`;
  return typeof value === 'string' || typeof value === 'boolean' ? undefined : typeof value;
}

/**
 * A value as JSON carries it: `toJSON` applied, optional properties that are undefined left out.
 * @param root what the value is called where its own path is empty
 * @throws InvalidOutputError naming the path of what JSON can't carry
 */
export function toJson(value: unknown, root: string): Json {
  const path: (string | number)[] = [];
  const open = new Set<unknown>();

  function visit(given: unknown): Json {
    const { toJSON } = Object(given) as { readonly toJSON?: unknown };
    const current: unknown =
      typeof toJSON === 'function' ? toJSON.call(given, String(path.at(-1) ?? '')) : given;
    const problem = open.has(current) ? 'cycle' : unfit(current);
    if (problem !== undefined) {
      throw new InvalidOutputError(`JSON can't carry ${formatPath(path, root)} (${problem}).`);
    }
    if (typeof current !== 'object' || current === null) return current as Json;
    open.add(current);
    const result = Array.isArray(current)
      ? Array.from(current, step)
      : // fromEntries defines properties: a key named __proto__ stays a key.
        Object.fromEntries(
          Object.entries(current)
            .filter(([, item]) => item !== undefined)
            .map(([name, item]) => [name, step(item, name)]),
        );
    open.delete(current);
    return result;
  }

  function step(item: unknown, key: string | number): Json {
    path.push(key);
    const result = visit(item);
    path.pop();
    return result;
  }

  return visit(value);
}
