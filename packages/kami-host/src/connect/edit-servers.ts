import { KamiError } from '../errors/kami-error.ts';
import type { JsonObject } from '../model/json.ts';
import type { McpClient } from './clients.ts';
import type { TextFormat, TextProblem } from './config-text.ts';
import { jsonText } from './json-text.ts';
import { tomlText } from './toml-text.ts';

/** Where a text is from and who reads it, for messages. */
export interface ServersFile {
  readonly client: Pick<McpClient, 'title' | 'format' | 'serversKey'>;
  readonly path: string;
  readonly text: string;
}

/**
 * The servers that a client's file has, by name, in the order of the file.
 * @throws KamiError `KAMI_CONNECT_FILE_INVALID` when the text can't be read, or has no table where the servers belong
 */
export function readServers(file: ServersFile): ReadonlyMap<string, unknown> {
  const { client } = file;
  const servers = tableAt(parse(file), [client.serversKey], file);
  return new Map(Object.entries(servers ?? {}));
}

/**
 * The text of a client's file with an entry in it. Every other byte stays as it is.
 * @param keep whether keys that the entry has beside `fields` stay
 * @throws KamiError `KAMI_CONNECT_FILE_INVALID`, also when the text is written in a way in which the entry can't be
 *   changed without changing something else
 */
export function putServer(file: ServersFile, name: string, fields: JsonObject, keep: boolean): string {
  const { client, text } = file;
  const format = formatOf(client);
  const before = parse(file);
  const place = [client.serversKey, name];
  const old = tableAt(before, place, file);
  const isMerged = keep && old !== undefined;
  const after = attempt(file, () =>
    isMerged
      ? Object.entries(fields)
          .filter(([key, value]) => canonical(old[key]) !== canonical(value))
          .reduce((done, [key, value]) => format.set(done, [...place, key], value), text)
      : format.set(text, place, fields),
  );
  return checked(file, after, changed(before, place, isMerged ? { ...old, ...fields } : fields));
}

/**
 * The text of a client's file without an entry; the same text when there is none.
 * @throws KamiError as `putServer`
 */
export function removeServer(file: ServersFile, name: string): string {
  const { client, text } = file;
  if (!readServers(file).has(name)) return text;
  const place = [client.serversKey, name];
  const after = attempt(file, () => formatOf(client).remove(text, place));
  return checked(file, after, changed(parse(file), place, undefined));
}

/** An entry as it stands in a client's file, with nothing else in the file. */
export function renderServer(client: ServersFile['client'], name: string, fields: JsonObject): string {
  return formatOf(client).set('', [client.serversKey, name], fields);
}

function formatOf({ format }: ServersFile['client']): TextFormat {
  return format === 'json' ? jsonText : tomlText;
}

type Table = Readonly<Record<string, unknown>>;

function parse(file: ServersFile): Table {
  const parsed = attempt(file, () => formatOf(file.client).parse(file.text));
  if (!parsed.ok) throw unreadable(file, parsed.problem);
  if (!isTable(parsed.value)) {
    throw unreadable(file, { line: 1, column: 1, message: 'It holds no object.' });
  }
  return parsed.value;
}

/** The table at a path; undefined when it is missing. A value that is no table is in the way of what is to be done. */
function tableAt(root: Table, path: readonly string[], file: ServersFile): Table | undefined {
  let table: Table | undefined = root;
  for (const [depth, key] of path.entries()) {
    const value: unknown = table !== undefined && Object.hasOwn(table, key) ? table[key] : undefined;
    // What an entry is made of is its own matter: one that is no table is replaced.
    if (depth === 0 && value !== undefined && !isTable(value)) {
      const message = `Its "${key}" is no table of servers.`;
      throw unreadable(file, { line: undefined, column: undefined, message });
    }
    table = isTable(value) ? value : undefined;
  }
  return table;
}

/** The editors trust that a text is as its parser says; what they could not handle must not reach the file. */
function checked(file: ServersFile, after: string, expected: Table): string {
  const parsed = attempt(file, () => formatOf(file.client).parse(after));
  const key = file.client.serversKey;
  const isRight =
    parsed.ok &&
    isTable(parsed.value) &&
    canonical(withoutEmpty(parsed.value, key)) === canonical(withoutEmpty(expected, key));
  if (isRight) return after;
  throw notEditable(file);
}

/** In TOML a table without a header is gone when its last key is. */
function withoutEmpty(table: Table, key: string): Table {
  const { [key]: value, ...others } = table;
  return isTable(value) && Object.keys(value).length === 0 ? others : table;
}

function changed(table: Table, [key, ...rest]: readonly string[], value: unknown): Table {
  if (key === undefined) return table;
  const { [key]: old, ...others } = table;
  if (rest.length > 0) return { ...others, [key]: changed(isTable(old) ? old : {}, rest, value) };
  return value === undefined ? others : { ...others, [key]: value };
}

/** Texts are equal when values are, whatever the order of keys. */
function canonical(value: unknown): string {
  if (value instanceof Date) return `date ${value.toISOString()}`;
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (!isTable(value)) return typeof value === 'string' ? JSON.stringify(value) : String(value);
  const keys = Object.keys(value).toSorted();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join()}}`;
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** Texts may be nested so deep that reading them takes more stack than there is. */
function attempt<T>(file: ServersFile, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) throw notEditable(file, error);
    throw error;
  }
}

function unreadable({ client, path }: ServersFile, { line, column, message }: TextProblem): KamiError {
  const where = [path, line, column].filter((part) => part !== undefined).join(':');
  return new KamiError('KAMI_CONNECT_FILE_INVALID', {
    message: `${where}: ${message} ${client.title} can't read the file either. It was not touched.`,
    fix: line === undefined ? `Correct ${path}.` : `Correct line ${line} of ${path}.`,
    data: { path, ...(line === undefined ? {} : { line, column }) },
  });
}

function notEditable({ path }: ServersFile, cause?: unknown): KamiError {
  return new KamiError('KAMI_CONNECT_FILE_INVALID', {
    message: `${path} is written in a way in which KAMI can't change one entry and leave all else as it is. It was not touched.`,
    fix: 'Change it by hand; --print shows the entry.',
    cause,
    data: { path },
  });
}
