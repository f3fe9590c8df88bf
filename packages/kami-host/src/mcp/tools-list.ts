import {
  type ListToolsRequest,
  type ListToolsResult,
  ProtocolError,
  ProtocolErrorCode,
} from '@modelcontextprotocol/server';
import { toolNamePattern } from '../model/tool-name.ts';
import type { NamedTool, ServedTools } from './served-tools.ts';

/** Tools of one page. Clients that ask for no second page see this many, which is more than most can use. */
const pageSize = 100;

/**
 * Answers `tools/list` from the registry alone; no component is touched. A cursor is the last name of the page before:
 * tools that come and go meanwhile move none of the others to another page.
 */
export function listTools(
  host: Pick<ServedTools, 'tools' | 'describe'>,
  { params }: ListToolsRequest,
): ListToolsResult {
  const all = host.tools();
  const start = params?.cursor === undefined ? 0 : firstAfter(all, readCursor(params.cursor));
  const page = all.slice(start, start + pageSize);
  const last = page.at(-1);
  const tools = page.map((named) => host.describe(named));
  const isEnd = last === undefined || start + pageSize >= all.length;
  return isEnd ? { tools } : { tools, nextCursor: writeCursor(last.name) };
}

function firstAfter(all: readonly NamedTool[], name: string): number {
  const index = all.findIndex((named) => named.name > name);
  return index === -1 ? all.length : index;
}

const cursorStart = 'after:';

function writeCursor(name: string): string {
  return Buffer.from(`${cursorStart}${name}`).toString('base64url');
}

function readCursor(cursor: string): string {
  const name = Buffer.from(cursor, 'base64url').toString('utf8').slice(cursorStart.length);
  // Only what this server would have written; base64 has several forms of one text.
  if (toolNamePattern.test(name) && writeCursor(name) === cursor) return name;
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'The cursor is none that this server gave.');
}
