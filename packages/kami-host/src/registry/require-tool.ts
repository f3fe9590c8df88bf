import { KamiError } from '../errors/kami-error.ts';
import { type ToolId, toolIdProblem } from '../model/ids.ts';
import { quoteText } from '../model/text.ts';
import { nearest } from '../model/toml/suggest.ts';
import type { InstalledTool } from './installed-tool.ts';
import type { ToolRepository } from './tool-repository.ts';

/**
 * The installed tool with this id.
 * @throws KamiError `KAMI_TOOL_NOT_FOUND` naming the nearest ids, `KAMI_REGISTRY_CORRUPT` when its entry is damaged
 */
export function requireTool(tools: Pick<ToolRepository, 'find' | 'ids'>, id: string): InstalledTool {
  const tool = toolIdProblem(id) === undefined ? tools.find(id as ToolId) : undefined;
  if (tool !== undefined) return tool;
  throw toolNotFound(id, tools.ids());
}

/** The error for an id that is not among `installed`. */
export function toolNotFound(id: string, installed: readonly string[]): KamiError {
  const suggestions = similarIds(id, installed);
  const hint = suggestions.length === 0 ? '' : ` Did you mean ${suggestions.join(' or ')}?`;
  const fix =
    installed.length === 0
      ? 'No tool is installed yet. Install one: kami install <directory>'
      : 'See what is installed: kami list';
  return new KamiError('KAMI_TOOL_NOT_FOUND', {
    message: `There is no installed tool ${quoteText(id)}.${hint}`,
    fix,
    data: { tool: id, suggestions },
  });
}

const maxSuggestions = 3;

/** Ids that end in the same name (`echo` for `dev.example.echo`), else the one that is spelt most alike. */
function similarIds(wanted: string, installed: readonly string[]): readonly string[] {
  const name = lastPart(wanted.toLowerCase());
  const namesakes = installed.filter((id) => lastPart(id) === name);
  if (namesakes.length > 0) return namesakes.slice(0, maxSuggestions);
  const near = nearest(wanted, installed);
  if (near !== undefined) return [near];
  const nearName = nearest(name, installed.map(lastPart));
  return nearName === undefined
    ? []
    : installed.filter((id) => lastPart(id) === nearName).slice(0, maxSuggestions);
}

function lastPart(id: string): string {
  return id.slice(id.lastIndexOf('.') + 1);
}
