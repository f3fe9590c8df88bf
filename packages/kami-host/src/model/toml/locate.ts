import { type PositionNode, positionNode, type TomlPart } from './position.ts';

/**
 * Finds where each key and array element of a TOML text is, which smol-toml does not tell.
 *
 * The text must be one that smol-toml accepts, with arrays and inline tables nested within a bound: this
 * reads only as much of the grammar as positions need, and recurses into inline values.
 */
export function locateValues(text: string): PositionNode {
  return new Locator(text).read().root;
}

/** The headers and pairs of such a text in their order, for those who change a part of it. */
export function locateParts(text: string): readonly TomlPart[] {
  return new Locator(text).read().parts;
}

const bareKeyEnd = /[^A-Za-z0-9_-]/g;
const scalarEnd = /[,\]}\s#]/g;
const notSpace = /[^ \t]/g;
const notVoid = /[^ \t\r\n]/g;

class Locator {
  readonly #text: string;
  readonly #root = positionNode({ line: 1, column: 1 });
  #at = 0;
  #line = 1;
  #lineStart = 0;

  constructor(text: string) {
    this.#text = text;
    if (text.charCodeAt(0) === 0xfeff) {
      this.#at = 1;
      this.#lineStart = 1;
    }
  }

  read(): { readonly root: PositionNode; readonly parts: readonly TomlPart[] } {
    const parts: TomlPart[] = [];
    let table = this.#root;
    let path: readonly string[] = [];
    for (;;) {
      this.#skipVoid();
      if (this.#at >= this.#text.length) return { root: this.#root, parts };
      const from = this.#at;
      if (this.#peek() === '[') {
        const header = this.#readHeader();
        ({ table, path } = header);
        parts.push({ kind: 'header', path, from, to: this.#at });
      } else {
        const { keys, valueFrom } = this.#readPair(table);
        parts.push({ kind: 'pair', table: path, path: [...path, ...keys], from, valueFrom, to: this.#at });
      }
    }
  }

  #readHeader(): { readonly table: PositionNode; readonly path: readonly string[] } {
    const start = this.#here();
    const isArrayTable = this.#text.startsWith('[[', this.#at);
    this.#at += isArrayTable ? 2 : 1;
    const path = this.#readKeys();
    this.#at += isArrayTable ? 2 : 1;
    const last = path.at(-1) ?? '';
    const parent = path
      .slice(0, -1)
      .reduce<PositionNode>((node, key) => lastElement(childOf(node, key, start)), this.#root);
    if (!isArrayTable) {
      // A table that so far existed only by its sub-tables gets the line of its own header.
      const table = { position: start, children: parent.children.get(last)?.children ?? new Map() };
      parent.children.set(last, table);
      return { table, path };
    }
    const elements = childOf(parent, last, start).children;
    const element = positionNode(start);
    elements.set(elements.size, element);
    return { table: element, path };
  }

  #readPair(table: PositionNode): { readonly keys: readonly string[]; readonly valueFrom: number } {
    const start = this.#here();
    const keys = this.#readKeys();
    this.#at += 1;
    this.#skipSpace();
    const node = keys.reduce((parent, key) => childOf(parent, key, start), table);
    const valueFrom = this.#at;
    this.#readValue(node);
    return { keys, valueFrom };
  }

  /** Reads a dotted key up to the `=` or `]` behind it. */
  #readKeys(): string[] {
    const keys: string[] = [];
    for (;;) {
      this.#skipSpace();
      const quote = this.#peek();
      if (quote === '"' || quote === "'") {
        const from = this.#at;
        this.#skipString();
        const raw = this.#text.slice(from + 1, this.#at - 1);
        keys.push(quote === '"' ? unescapeKey(raw) : raw);
      } else {
        keys.push(this.#takeUntil(bareKeyEnd));
      }
      this.#skipSpace();
      if (this.#peek() !== '.') return keys;
      this.#at += 1;
    }
  }

  #readValue(node: PositionNode): void {
    const first = this.#peek();
    if (first === '"' || first === "'") this.#skipString();
    else if (first === '[') this.#readArray(node);
    else if (first === '{') this.#readInlineTable(node);
    else this.#takeUntil(scalarEnd);
  }

  #readArray(node: PositionNode): void {
    this.#at += 1;
    for (;;) {
      this.#skipVoid(',');
      if (this.#at >= this.#text.length) return;
      if (this.#peek() === ']') break;
      const element = positionNode(this.#here());
      node.children.set(node.children.size, element);
      const before = this.#at;
      this.#readValue(element);
      // Only a text that is not valid TOML could stand still here; it must not hang us.
      if (this.#at === before) this.#at += 1;
    }
    this.#at += 1;
  }

  #readInlineTable(node: PositionNode): void {
    this.#at += 1;
    for (;;) {
      this.#skipVoid(',');
      if (this.#at >= this.#text.length) return;
      if (this.#peek() === '}') break;
      this.#readPair(node);
    }
    this.#at += 1;
  }

  #skipString(): void {
    const quote = this.#peek();
    const closing = this.#text.startsWith(quote.repeat(3), this.#at) ? quote.repeat(3) : quote;
    this.#at += closing.length;
    while (this.#at < this.#text.length && !this.#text.startsWith(closing, this.#at)) {
      if (this.#peek() === '\n') this.#newLine();
      this.#at += this.#peek() === '\\' && quote === '"' && this.#text[this.#at + 1] !== '\n' ? 2 : 1;
    }
    this.#at += closing.length;
    // A multi-line string may end with one or two quotes of its own.
    for (let extra = 0; extra < 2 && closing.length === 3 && this.#peek() === quote; extra += 1) {
      this.#at += 1;
    }
  }

  /** Skips white space, line ends, comments, and the separator given. */
  #skipVoid(separator = ''): void {
    while (this.#at < this.#text.length) {
      const from = this.#at;
      this.#takeUntil(notVoid, from);
      const character = this.#peek();
      if (character === '#') this.#at = indexOrEnd(this.#text, '\n', this.#at);
      else if (character !== '' && character === separator) this.#at += 1;
      else return;
    }
  }

  #skipSpace(): void {
    this.#takeUntil(notSpace);
  }

  /** Moves to the next match of a sticky-free global pattern, counting the lines passed. */
  #takeUntil(end: RegExp, from = this.#at): string {
    end.lastIndex = from;
    const stop = end.exec(this.#text)?.index ?? this.#text.length;
    const taken = this.#text.slice(from, stop);
    for (let at = taken.indexOf('\n'); at >= 0; at = taken.indexOf('\n', at + 1)) {
      this.#line += 1;
      this.#lineStart = from + at + 1;
    }
    this.#at = stop;
    return taken;
  }

  #newLine(): void {
    this.#line += 1;
    this.#lineStart = this.#at + 1;
  }

  #peek(): string {
    return this.#text[this.#at] ?? '';
  }

  #here(): { line: number; column: number } {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }
}

function childOf(parent: PositionNode, key: string, start: PositionNode['position']): PositionNode {
  const known = parent.children.get(key);
  if (known !== undefined) return known;
  const node = positionNode(start);
  parent.children.set(key, node);
  return node;
}

/** Within a header, the name of an array of tables stands for its last table. */
function lastElement(node: PositionNode): PositionNode {
  return node.children.get(node.children.size - 1) ?? node;
}

function indexOrEnd(text: string, what: string, from: number): number {
  const at = text.indexOf(what, from);
  return at < 0 ? text.length : at;
}

const escapes: Readonly<Record<string, string>> = {
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
  e: '\u001b',
};

function unescapeKey(raw: string): string {
  return raw.replace(
    /\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))/g,
    (_, byte?: string, short?: string, long?: string, character?: string) => {
      const hex = byte ?? short ?? long;
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      return escapes[character ?? ''] ?? character ?? '';
    },
  );
}
