import { nameTools } from '../mcp/served-tools.ts';
import type { Registry } from '../registry/open-registry.ts';
import { annotationsOf } from '../runtime/installed-tools.ts';
import type { CommandContext } from './command.ts';
import { headedTable } from './headed-table.ts';
import { hintWords } from './hint-words.ts';
import { ceilingsOf, checkServing, readServingChoice } from './serving-flags.ts';

export interface ProfileQuery {
  readonly profile: string;
  readonly filter: string | undefined;
}

/**
 * Prints the tools that clients of a profile see: names and hints as they are told them.
 * @throws KamiError as `kami serve --profile`
 */
export function listProfile(
  { profile, filter }: ProfileQuery,
  registry: Registry,
  context: CommandContext,
): void {
  const { config } = context;
  const choice = readServingChoice({ profile }, config);
  const warn = context.reporter.note;
  const serving = checkServing(choice, { registry, config }, warn);
  const { tools } = registry.tools.findAll({
    enabledOnly: true,
    ...(filter === undefined ? {} : { filter }),
  });
  const ceilings = ceilingsOf(choice);
  const rows = nameTools(tools, serving, warn).map(({ name, tool }) => ({
    mcpName: name,
    id: tool.id,
    annotations: annotationsOf(tool, ceilings.get(tool.id), { registry, config }).annotations,
  }));
  if (context.json) context.print(`${JSON.stringify({ tools: rows, total: rows.length })}\n`);
  else if (rows.length === 0) context.print('Clients of this profile see no tool.\n');
  else {
    context.print(
      headedTable(
        [
          ['NAME', 'TOOL', 'CLIENTS ARE TOLD'],
          ...rows.map(({ mcpName, id, annotations }) => [mcpName, id, hintWords(annotations)]),
        ],
        context,
      ),
    );
  }
}
