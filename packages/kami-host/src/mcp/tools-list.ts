import type { ListToolsResult, Tool } from '@modelcontextprotocol/server';
import type { InstalledTool } from '../registry/installed-tool.ts';
import { publishedName } from './tool-names.ts';

/** Answers `tools/list` from the registry alone; no component is touched. */
export function listTools(tools: readonly InstalledTool[]): ListToolsResult {
  return { tools: tools.map(toMcpTool) };
}

function toMcpTool(tool: InstalledTool): Tool {
  const { title = tool.name, ...hints } = tool.annotations;
  return {
    name: publishedName(tool.id),
    title,
    description: tool.description,
    // Its parser checked that it describes an object.
    inputSchema: tool.inputSchema as Tool['inputSchema'],
    ...(tool.outputSchema === undefined
      ? {}
      : { outputSchema: tool.outputSchema as NonNullable<Tool['outputSchema']> }),
    annotations: { title, ...hints },
  };
}
