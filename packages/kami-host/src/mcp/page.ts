import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';

/** Entries of one page. Clients that ask for no second page see this many, which is more than most can use. */
const pageSize = 100;

export interface Page<T> {
  readonly entries: readonly T[];
  /** Undefined on the last page. */
  readonly nextCursor: string | undefined;
}

/**
 * One page of a list that is in the order of its names. A cursor is the last name of the page before: entries that come
 * and go meanwhile move none of the others to another page.
 * @throws ProtocolError `InvalidParams` for a cursor that is none of these
 */
export function pageOf<T extends { readonly name: string }>(
  list: readonly T[],
  cursor: string | undefined,
): Page<T> {
  const start = cursor === undefined ? 0 : firstAfter(list, readCursor(cursor));
  const entries = list.slice(start, start + pageSize);
  const last = entries.at(-1);
  const isEnd = last === undefined || start + pageSize >= list.length;
  return { entries, nextCursor: isEnd ? undefined : writeCursor(last.name) };
}

function firstAfter(list: readonly { readonly name: string }[], name: string): number {
  const index = list.findIndex((entry) => entry.name > name);
  return index === -1 ? list.length : index;
}

const cursorStart = 'after:';

function writeCursor(name: string): string {
  return Buffer.from(`${cursorStart}${name}`).toString('base64url');
}

function readCursor(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const name = text.slice(cursorStart.length);
  // Only what would have been written: base64 has several forms of one text.
  if (name !== '' && writeCursor(name) === cursor) return name;
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'The cursor is none that this server gave.');
}
