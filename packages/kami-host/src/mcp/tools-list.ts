import type { ListToolsRequest, ListToolsResult } from '@modelcontextprotocol/server';
import { pageOf } from './page.ts';
import type { ServedTools } from './served-tools.ts';

/** Answers `tools/list` from the registry alone; no component is touched. */
export function listTools(
  host: Pick<ServedTools, 'tools' | 'describe'>,
  { params }: ListToolsRequest,
): ListToolsResult {
  const { entries, nextCursor } = pageOf(host.tools(), params?.cursor);
  const tools = entries.map((named) => host.describe(named));
  return nextCursor === undefined ? { tools } : { tools, nextCursor };
}
