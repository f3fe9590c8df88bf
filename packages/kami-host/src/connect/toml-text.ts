import { isJsonObject, type Json, type JsonObject } from '../model/json.ts';
import { parseToml } from '../model/toml/document.ts';
import { locateParts } from '../model/toml/locate.ts';
import type { TomlPart } from '../model/toml/position.ts';
import { tomlKey, tomlValue } from '../model/toml/write.ts';
import {
  applyEdits,
  indentAt,
  lineEndOf,
  lineStart,
  lineStop,
  type TextEdit,
  type TextFormat,
} from './config-text.ts';

/**
 * TOML 1.0. A table that is new gets a header of its own at the end of the text; one that is there is changed in the
 * form in which somebody wrote it: with a header, with dotted keys, or inline.
 */
export const tomlText: TextFormat = {
  parse(text) {
    const parsed = parseToml(text);
    if (parsed.ok) return { ok: true, value: parsed.document.root };
    const { line, column, message } = parsed.problem;
    return { ok: false, problem: { line, column, message } };
  },

  set(text, path, value) {
    const parts = locateParts(text);
    const pair = parts.find((part) => part.kind === 'pair' && isSame(part.path, path));
    if (pair?.kind === 'pair') {
      return applyEdits(text, [{ from: pair.valueFrom, to: pair.to, text: tomlValue(value) }]);
    }
    const inline = inlineAround(parts, path);
    if (inline !== undefined) return applyEdits(text, [changeInline(text, inline, path, value)]);
    // A table is replaced as a whole: what it was made of may lie in several places.
    if (isJsonObject(value)) return appendTable(tomlText.remove(text, path), path, value);
    const table = path.slice(0, -1);
    const last = parts.findLast((part) =>
      part.kind === 'pair' ? isSame(part.table, table) : isSame(part.path, table),
    );
    const neighbour = last ?? parts.findLast((part) => isDottedInto(part, table));
    if (neighbour === undefined) return appendTable(text, table, { [path.at(-1) ?? '']: value });
    const under = neighbour.kind === 'pair' ? neighbour.table : neighbour.path;
    const key = path.slice(under.length).map(tomlKey).join('.');
    const at = lineStop(text, neighbour.to);
    const line = `${lineEndOf(text)}${indentAt(text, neighbour.from)}${key} = ${tomlValue(value)}`;
    return applyEdits(text, [{ from: at, to: at, text: line }]);
  },

  remove(text, path) {
    const parts = locateParts(text);
    const inline = inlineAround(parts, path);
    if (inline !== undefined) return applyEdits(text, [changeInline(text, inline, path, undefined)]);
    return applyEdits(
      text,
      parts.flatMap((part, index) => {
        if (!isWithin(part.path, path)) return [];
        const isUnderRemoved = part.kind === 'pair' && isWithin(part.table, path);
        return isUnderRemoved ? [] : [removal(text, part, parts.slice(index + 1))];
      }),
    );
  },
};

type Pair = Extract<TomlPart, { kind: 'pair' }>;

/** The pair whose inline table has a path in it. */
function inlineAround(parts: readonly TomlPart[], path: readonly string[]): Pair | undefined {
  return parts.find(
    (part): part is Pair =>
      part.kind === 'pair' && part.path.length < path.length && isWithin(path, part.path),
  );
}

/** Whether a pair reaches into a table from a header above it. */
function isDottedInto(part: TomlPart, table: readonly string[]): boolean {
  return part.kind === 'pair' && part.table.length < table.length && isWithin(part.path, table);
}

/** Inline tables have no comments and no lines, so one can be written anew. */
function changeInline(text: string, pair: Pair, path: readonly string[], value: Json | undefined): TextEdit {
  const parsed = parseToml(text);
  const root: unknown = parsed.ok ? parsed.document.root : undefined;
  const found = pair.path.reduce<unknown>((table, key) => (table as JsonObject | undefined)?.[key], root);
  const changed = changeIn((found ?? {}) as Json, path.slice(pair.path.length), value);
  return { from: pair.valueFrom, to: pair.to, text: tomlValue(changed) };
}

function changeIn(table: Json, path: readonly string[], value: Json | undefined): Json {
  const [key, ...rest] = path;
  if (key === undefined) return value ?? {};
  const { [key]: old, ...others } = isJsonObject(table) ? table : {};
  if (rest.length === 0) return value === undefined ? others : { ...others, [key]: value };
  return { ...others, [key]: changeIn(old ?? {}, rest, value) };
}

function appendTable(text: string, path: readonly string[], value: JsonObject): string {
  const eol = lineEndOf(text);
  const gap = text.trim() === '' ? '' : text.endsWith('\n') ? eol : `${eol}${eol}`;
  const pairs = Object.entries(value).map(([key, item]) => `${tomlKey(key)} = ${tomlValue(item)}${eol}`);
  return `${text}${gap}[${path.map(tomlKey).join('.')}]${eol}${pairs.join('')}`;
}

/** The lines of a pair, or of a header and all pairs under it. Comments behind them are of what follows. */
function removal(text: string, part: TomlPart, next: readonly TomlPart[]): TextEdit {
  const header = next.findIndex(({ kind }) => kind === 'header');
  const own = part.kind === 'pair' ? [] : next.slice(0, header < 0 ? next.length : header);
  let from = lineStart(text, part.from);
  let to = lineStop(text, (own.at(-1) ?? part).to);
  to += /^\r?\n/.exec(text.slice(to, to + 2))?.[0].length ?? 0;
  // Of the empty lines around a table, those before it go with it.
  const isFollowedByGap = to === text.length || /^[ \t]*(\r?\n|$)/.test(text.slice(to));
  if (part.kind === 'header' && isFollowedByGap) {
    const gap = /\n((?:[ \t]*\r?\n)+)$/.exec(text.slice(0, from))?.[1] ?? '';
    from -= gap.length;
  }
  return { from, to, text: '' };
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && isWithin(one, other);
}

/** Whether a path is another one or below it. */
function isWithin(path: readonly string[], other: readonly string[]): boolean {
  return other.every((key, index) => path[index] === key);
}
