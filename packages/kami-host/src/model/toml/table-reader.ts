import { quoteText } from '../text.ts';
import type { Check } from './checks.ts';
import { describeFound } from './describe.ts';
import type { TomlDocument } from './document.ts';
import type { TomlPath } from './position.ts';
import type { ProblemList } from './problems.ts';
import { nearest } from './suggest.ts';
import { tomlKey } from './write.ts';

/**
 * The tables of a format and the keys of each, sub-tables among them. Tables go by dotted name: the root is
 * `''`, an array of tables ends with `[]`. A table whose only key is `anyKey` takes all; it is a step of the names of
 * the tables below it too.
 */
export type TableShapes = Readonly<Record<string, readonly string[]>>;

/** In shapes: a key that whoever writes the file chooses. It can be none of the file's own words. */
export const anyKey = '<name>';

/** What the readers of one file share. */
export interface TomlSource {
  /** Path of the file as problems name it. */
  readonly file: string;
  readonly document: TomlDocument;
  readonly shapes: TableShapes;
  readonly problems: ProblemList;
}

type Table = Readonly<Record<string, unknown>>;

/**
 * Reads one table of a TOML file: gives checked values, and notes as problems what is missing, wrong or
 * unknown, each with its line and the line that would be right. It never throws.
 */
export class TableReader {
  readonly #source: TomlSource;
  readonly #table: Table;
  readonly #path: TomlPath;
  /** `[tool]`, `[[mcp.arguments]]`; `''` for the root. */
  readonly #title: string;
  /** Its name in the shapes. */
  readonly #shape: string;
  /** Keys that an unknown key was probably meant to be: they are not reported as missing, too. */
  readonly #misspelt = new Set<string>();

  constructor(
    source: TomlSource,
    table: Table = source.document.root,
    path: TomlPath = [],
    shape: string = dottedName(path),
  ) {
    this.#source = source;
    this.#table = table;
    this.#path = path;
    this.#shape = shape;
    this.#title = titleOf(dottedName(path));
    this.#reportUnknownKeys();
  }

  /** The keys that are there, in the order of the file. */
  keys(): readonly string[] {
    return Object.keys(this.#table);
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#table, key);
  }

  /** Line of a key that is there. */
  lineOf(key: string): number {
    return this.#locate([key]).line;
  }

  /** The checked value; undefined when there is none, or none that is right. */
  read<T>(key: string, check: Check<T>): T | undefined {
    if (!this.has(key)) return undefined;
    const found = this.#table[key];
    const checked = check(found);
    if (checked.ok) return checked.value;
    this.#reportValue([key], key, found, checked.must, checked.suggestion);
    return undefined;
  }

  /** As `read`, but a missing value is a problem; `example` is a right one, written as TOML. */
  require<T>(key: string, check: Check<T>, example: string): T | undefined {
    if (!this.has(key) && !this.#misspelt.has(key)) {
      const line = `${tomlKey(key)} = ${example}`;
      this.#add([key], `${this.#title} has no ${key}.`, `Add to ${this.#title}: ${line}`);
    }
    return this.read(key, check);
  }

  /** The checked elements of a list without repetitions; undefined when there is no list. */
  readList<T extends string>(key: string, check: Check<T>, maxLength: number): readonly T[] | undefined {
    if (!this.has(key)) return undefined;
    const found = this.#table[key];
    if (!Array.isArray(found)) {
      const suggestion = typeof found === 'string' && check(found).ok ? `["${found}"]` : '[]';
      this.#reportValue([key], key, found, 'a list in square brackets', suggestion);
      return undefined;
    }
    if (found.length > maxLength) {
      this.#reportValue([key], key, found, `at most ${maxLength} elements long (this has ${found.length})`);
      return undefined;
    }
    const values = new Set<T>();
    for (const [index, element] of found.entries()) {
      const checked = check(element);
      if (checked.ok) values.add(checked.value);
      else this.#reportElement(key, index, element, checked.must, checked.suggestion);
    }
    return [...values];
  }

  /** A reader for a sub-table; undefined when it is not there. */
  table(key: string): TableReader | undefined {
    if (!this.has(key)) return undefined;
    const found = this.#table[key];
    if (isTable(found)) {
      return new TableReader(this.#source, found, [...this.#path, key], this.#shapeOf(key));
    }
    this.#reportValue([key], key, found, `a table, [${this.#dotted(key)}]`);
    return undefined;
  }

  /** Readers for an array of tables; none when it is not there. */
  tables(key: string, maxLength: number): readonly TableReader[] {
    if (!this.has(key)) return [];
    const found = this.#table[key];
    if (!Array.isArray(found) || !found.every(isTable)) {
      this.#reportValue([key], key, found, `an array of tables, each under [[${this.#dotted(key)}]]`);
      return [];
    }
    if (found.length > maxLength) {
      this.report(
        key,
        `[[${this.#dotted(key)}]] is there ${found.length} times, but at most ${maxLength} are read.`,
        `Remove all but ${maxLength} of them.`,
      );
      return [];
    }
    const shape = `${this.#shapeOf(key)}[]`;
    return found.map(
      (element, index) => new TableReader(this.#source, element, [...this.#path, key, index], shape),
    );
  }

  /** Notes a problem that only the caller can see, at the line of the key. */
  report(key: string, message: string, fix: string): void {
    this.#add([key], message, fix);
  }

  #reportValue(steps: TomlPath, key: string, found: unknown, must: string, suggestion?: string): void {
    const { line } = this.#locate(steps);
    const message = `${this.#name(key)} is ${describeFound(found)}, but it must be ${must}.`;
    if (suggestion === undefined) {
      this.#add(steps, message, `Correct ${key} on line ${line}.`);
      return;
    }
    const pair = `${tomlKey(key)} = ${suggestion}`;
    const start = new RegExp(`^\\s*${tomlKey(key).replaceAll('"', '\\W')}\\s*=`);
    const isOwnLine = start.test(this.#source.document.line(line));
    this.#add(
      steps,
      message,
      isOwnLine ? `Change line ${line} to: ${pair}` : `Write on line ${line}: ${pair}`,
    );
  }

  #reportElement(key: string, index: number, found: unknown, must: string, suggestion?: string): void {
    const { line } = this.#locate([key, index]);
    const message = `${this.#name(key)} has ${describeFound(found)}, but each element must be ${must}.`;
    const fix =
      suggestion === undefined
        ? `Correct or remove element ${index + 1} of ${key} on line ${line}.`
        : `Write element ${index + 1} of ${key} on line ${line} as: ${suggestion}`;
    this.#add([key, index], message, fix);
  }

  #reportUnknownKeys(): void {
    const { shapes, problems } = this.#source;
    const known = shapes[this.#shape] ?? [];
    if (known.includes(anyKey)) return;
    for (const key of Object.keys(this.#table)) {
      if (known.includes(key)) continue;
      // A hostile file has a hundred thousand of them: no time is spent on those that are not shown.
      if (problems.isFull) problems.skip();
      else this.#reportUnknownKey(key, known);
    }
  }

  #reportUnknownKey(key: string, known: readonly string[]): void {
    const { document, shapes } = this.#source;
    const { line } = this.#locate([key]);
    const here = this.#title === '' ? 'at the top of the file' : `in ${this.#title}`;
    const unknown = `There is no ${isTable(this.#table[key]) ? 'table' : 'key'} ${quoteText(key)} ${here}`;
    const home = findHome(key, shapes);
    const meant = nearest(key, known);
    if (meant !== undefined) this.#misspelt.add(meant);
    if (home?.key !== key && meant !== undefined) {
      const corrected = renameKey(document.line(line), key, meant);
      const fix =
        corrected === undefined
          ? `Rename ${quoteText(key)} on line ${line} to ${meant}.`
          : `Change line ${line} to: ${corrected}`;
      this.#add([key], `${unknown}. Did you mean ${meant}?`, fix);
    } else if (home !== undefined) {
      const { title, key: right } = home;
      const fix = `Move line ${line} to ${title}, as: ${right} = …`;
      const advice = right === key ? `It belongs to ${title}.` : `Did you mean ${right} in ${title}?`;
      this.#add([key], `${unknown}. ${advice}`, fix);
    } else {
      this.#add([key], `${unknown}.`, `Remove line ${line}; known ${here}: ${known.join(', ')}.`);
    }
  }

  #add(steps: TomlPath, message: string, fix: string): void {
    const { file, problems } = this.#source;
    const { line, column } = this.#locate(steps);
    problems.add({
      where: `${file}:${line}:${column}`,
      line,
      key: this.#dotted(String(steps[0] ?? '')),
      message,
      fix,
    });
  }

  #locate(steps: TomlPath) {
    return this.#source.document.locate([...this.#path, ...steps]);
  }

  #dotted(key: string): string {
    return dottedName([...this.#path, key]);
  }

  #shapeOf(key: string): string {
    const step = this.#source.shapes[this.#shape]?.includes(anyKey) === true ? anyKey : key;
    return this.#shape === '' ? step : `${this.#shape}.${step}`;
  }

  #name(key: string): string {
    return this.#title === '' ? key : `${this.#title} ${key}`;
  }
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** `mcp.arguments[]` for a table of that array. */
function dottedName(path: TomlPath): string {
  return path
    .map((step) => (typeof step === 'string' ? `.${tomlKey(step)}` : '[]'))
    .join('')
    .slice(1);
}

function titleOf(shape: string): string {
  if (shape === '') return '';
  return shape.endsWith('[]') ? `[[${shape.slice(0, -2)}]]` : `[${shape}]`;
}

/** The table that has this key, or else one that has a key much like it. */
function findHome(key: string, shapes: TableShapes): { title: string; key: string } | undefined {
  const tables = Object.entries(shapes).filter(([shape]) => shape !== '');
  const exact = tables.find(([, keys]) => keys.includes(key));
  if (exact !== undefined) return { title: titleOf(exact[0]), key };
  for (const [shape, keys] of tables) {
    const meant = nearest(key, keys);
    if (meant !== undefined) return { title: titleOf(shape), key: meant };
  }
  return undefined;
}

/** The line with its key renamed; undefined when the key does not stand there plainly. */
function renameKey(line: string, key: string, to: string): string | undefined {
  const trimmed = line.trim();
  const rest = trimmed.startsWith(key) ? trimmed.slice(key.length) : undefined;
  if (rest !== undefined && /^\s*=/.test(rest) && rest.length <= 120) return `${to}${rest}`;
  return trimmed === `[${key}]` ? `[${to}]` : undefined;
}
