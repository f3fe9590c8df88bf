import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { Json } from '../model/json.ts';
import {
  applyEdits,
  indentAt,
  lineEndOf,
  lineStart,
  lineStop,
  type TextEdit,
  type TextFormat,
} from './config-text.ts';

/** JSON as editors keep it: comments and commas behind the last element are allowed, and stay. */
export const jsonText: TextFormat = {
  parse(text) {
    const errors: ParseError[] = [];
    const root = parse(text, errors);
    const [first] = errors;
    if (first !== undefined) {
      const reason = reasons[printParseErrorCode(first.error)] ?? 'a character that may not stand here';
      const message = `This is not valid JSON: ${reason}.`;
      return { ok: false, problem: { ...positionOf(text, first.offset), message } };
    }
    return { ok: true, value: root === undefined ? Object.create(null) : treeOf(root) };
  },

  set(text, path, value) {
    const layout = layoutOf(text);
    const root = parse(text);
    if (root === undefined) return withRoot(text, nest(path, value), layout);
    let node = root;
    for (const [depth, key] of path.entries()) {
      const property = findProperty(node, key);
      const rest = nest(path.slice(depth + 1), value);
      if (property === undefined) return applyEdits(text, insertion(text, node, key, rest, layout));
      const [, found] = property.children ?? [];
      if (found === undefined) return text;
      if (depth === path.length - 1 || found.type !== 'object') {
        return applyEdits(text, [replacement(text, found, rest, layout)]);
      }
      node = found;
    }
    return text;
  },

  remove(text, path) {
    let node = parse(text);
    for (const [depth, key] of path.entries()) {
      const property = node === undefined ? undefined : findProperty(node, key);
      if (node === undefined || property === undefined) return text;
      // An earlier property with the same key would come to count.
      if (depth === path.length - 1)
        return jsonText.remove(applyEdits(text, removal(text, node, property)), path);
      node = property.children?.[1];
    }
    return text;
  },
};

interface Layout {
  readonly eol: string;
  /** One step of indentation. */
  readonly unit: string;
  /** The whole text is on one line, and stays there. */
  readonly isOneLine: boolean;
}

/** The root; undefined for a text that has nothing but white space and comments. */
function parse(text: string, errors: ParseError[] = []): Node | undefined {
  if (text.replace(comments, '').trim() === '') return undefined;
  return parseTree(text, errors, { allowTrailingComma: true });
}

function layoutOf(text: string): Layout {
  const indent = /\n([ \t]+)["}\]]/.exec(text)?.[1];
  const isOneLine = text.trim().length > 2 && !text.trim().includes('\n');
  return { eol: lineEndOf(text), unit: indent ?? '  ', isOneLine };
}

function withRoot(text: string, value: Json, { eol, unit }: Layout): string {
  const gap = text === '' || text.endsWith('\n') ? '' : eol;
  return `${text}${gap}${render(value, '', { eol, unit })}${eol}`;
}

/** Of two properties with one key the later one counts, as in `JSON.parse`. */
function findProperty({ type, children = [] }: Node, key: string): Node | undefined {
  return type === 'object' ? children.findLast(({ children: pair }) => pair?.[0]?.value === key) : undefined;
}

function insertion(
  text: string,
  object: Node,
  key: string,
  value: Json,
  layout: Layout,
): readonly TextEdit[] {
  const { children = [] } = object;
  const [first] = children;
  const last = children.at(-1);
  const close = object.offset + object.length - 1;
  const behind = last === undefined ? object.offset + 1 : last.offset + last.length;
  const comma = commaBetween(text, behind, close);
  const needsComma = last !== undefined && comma === undefined;
  const isInline =
    first === undefined ? layout.isOneLine : !text.slice(object.offset, first.offset).includes('\n');
  if (isInline) {
    const at = comma?.to ?? behind;
    const space = first === undefined || isTight(text) ? '' : ' ';
    const property = `${JSON.stringify(key)}:${isTight(text) ? '' : ' '}${renderInline(value, isTight(text))}`;
    return [{ from: at, to: at, text: `${needsComma ? ',' : ''}${space}${property}` }];
  }
  const { eol, unit } = layout;
  const outer = indentAt(text, object.offset);
  const indent = first === undefined ? outer + unit : indentAt(text, first.offset);
  const property = `${eol}${indent}${JSON.stringify(key)}: ${render(value, indent, layout)}`;
  const at = lastContent(text, behind, close);
  const end = text.slice(at, close).includes('\n') ? '' : `${eol}${outer}`;
  return [
    ...(needsComma ? [{ from: behind, to: behind, text: ',' }] : []),
    { from: at, to: at, text: property + end },
  ];
}

function replacement(text: string, { offset, length }: Node, value: Json, layout: Layout): TextEdit {
  const isInline = Array.isArray(value) && !text.slice(offset, offset + length).includes('\n');
  const rendered =
    layout.isOneLine || isInline
      ? renderInline(value, isTight(text))
      : render(value, indentAt(text, offset), layout);
  return { from: offset, to: offset + length, text: rendered };
}

/** Comments stay where they are, those between two properties too. */
function removal(text: string, object: Node, property: Node): readonly TextEdit[] {
  const { children = [] } = object;
  const close = object.offset + object.length - 1;
  const end = property.offset + property.length;
  const comma = commaBetween(text, end, close);
  const before = children[children.indexOf(property) - 1];
  const commaBefore =
    comma === undefined && before !== undefined
      ? commaBetween(text, before.offset + before.length, property.offset)
      : undefined;
  const stop = comma?.to ?? end;
  const start = lineStart(text, property.offset);
  const isAlone =
    text.slice(start, property.offset).trim() === '' && text.slice(stop, lineStop(text, stop)).trim() === '';
  const rest = text.slice(stop);
  const isEmpty =
    children.length === 1 &&
    `${text.slice(object.offset + 1, property.offset)}${text.slice(stop, close)}`.trim() === '';
  if (isEmpty) return [{ from: object.offset + 1, to: close, text: '' }];
  const own = isAlone
    ? { from: start, to: stop + (/^[ \t]*\r?\n?/.exec(rest)?.[0].length ?? 0), text: '' }
    : comma === undefined
      ? { from: start + text.slice(start, property.offset).trimEnd().length, to: stop, text: '' }
      : { from: property.offset, to: stop + (/^[ \t]*/.exec(rest)?.[0].length ?? 0), text: '' };
  return [...(commaBefore === undefined ? [] : [{ ...commaBefore, text: '' }]), own];
}

/** What may stand between two values. */
const comments = /\/\/[^\r\n]*|\/\*[\s\S]*?(?:\*\/|$)/g;
const commentOrComma = new RegExp(`${comments.source}|,`, 'g');

/** The comma between two offsets that have no value between them. */
function commaBetween(text: string, from: number, to: number): { from: number; to: number } | undefined {
  const found = between(text, from, to).find(([match]) => match === ',');
  return found === undefined ? undefined : { from: from + found.index, to: from + found.index + 1 };
}

/** Behind the last comma or comment between two such offsets; `from` when there is none. */
function lastContent(text: string, from: number, to: number): number {
  const last = between(text, from, to).at(-1);
  return last === undefined ? from : from + last.index + last[0].length;
}

function between(text: string, from: number, to: number): readonly RegExpExecArray[] {
  return [...text.slice(from, to).matchAll(commentOrComma)];
}

/** A minified text has no space behind its colons. */
function isTight(text: string): boolean {
  return /"\s*:/.test(text) && !/"\s*:\s/.test(text);
}

function nest(path: readonly string[], value: Json): Json {
  return path.reduceRight<Json>((inner, key) => ({ [key]: inner }), value);
}

function render(value: Json, indent: string, { eol, unit }: Pick<Layout, 'eol' | 'unit'>): string {
  return JSON.stringify(value, null, unit).replaceAll('\n', `${eol}${indent}`);
}

function renderInline(value: Json, isTightText: boolean): string {
  if (isTightText || typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item: Json) => renderInline(item, false)).join(', ')}]`;
  const pairs = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(key)}: ${renderInline(item, false)}`,
  );
  return `{ ${pairs.join(', ')} }`;
}

/** As `getNodeValue` of jsonc-parser, for which a key `__proto__` is no key. */
function treeOf({ type, value, children = [] }: Node): unknown {
  if (type === 'array') return children.map(treeOf);
  if (type !== 'object') return value;
  const table: Record<string, unknown> = Object.create(null);
  for (const { children: pair } of children) {
    if (pair?.[1] !== undefined) table[String(pair[0]?.value)] = treeOf(pair[1]);
  }
  return table;
}

function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

const reasons: Readonly<Record<string, string>> = {
  InvalidSymbol: 'a word that is none of true, false and null',
  InvalidNumberFormat: 'a number that is none',
  PropertyNameExpected: 'a key in double quotes is missing',
  ValueExpected: 'a value is missing',
  ColonExpected: 'a colon is missing',
  CommaExpected: 'a comma is missing',
  CloseBraceExpected: 'a closing brace is missing',
  CloseBracketExpected: 'a closing bracket is missing',
  EndOfFileExpected: 'something follows the end',
  UnexpectedEndOfComment: 'a comment has no end',
  UnexpectedEndOfString: 'a text has no end',
  UnexpectedEndOfNumber: 'a number has no end',
};
