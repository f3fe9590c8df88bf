import { publishedName } from '../mcp/tool-names.ts';
import { toolNamePattern } from '../model/tool-name.ts';
import { createArtifactStore } from '../registry/artifact-store.ts';
import type { InstalledTool } from '../registry/installed-tool.ts';
import { type Finding, findingOf, ok, problem, warning } from './finding.ts';

/** What was kept of each tool, against the hashes it was installed with, and the names that clients see. */
export async function checkTools(
  registry: { readonly path: string },
  tools: readonly InstalledTool[],
): Promise<readonly Finding[]> {
  if (tools.length === 0) return [];
  const store = createArtifactStore(registry);
  const damaged: Finding[] = [];
  for (const tool of tools) {
    try {
      // One after the other: together they may be more than fits into memory.
      await store.read(tool.artifact.sha256, tool);
      if (tool.assets !== undefined) store.assets.folder(tool.assets, tool);
    } catch (error) {
      damaged.push(findingOf(error));
    }
  }
  const disabled = tools.filter(({ enabled }) => !enabled);
  const whole = damaged.length > 0 ? [] : [ok('Every tool has the bytes that were installed.')];
  return [
    ...damaged,
    ...whole,
    ...disabled.map(({ id, source }) =>
      warning(`${id} is disabled; clients don't see it.`, `Install it again: kami install ${source.path}`),
    ),
    ...checkNames(tools),
  ];
}

function checkNames(tools: readonly InstalledTool[]): readonly Finding[] {
  const byName = Map.groupBy(tools, ({ id }) => publishedName(id));
  return [...byName].flatMap(([name, those]) => {
    const ids = those.map(({ id }) => id).join(' and ');
    const fix = `Uninstall one: kami uninstall ${those.at(-1)?.id}`;
    return [
      ...(those.length > 1 ? [problem(`${ids} have one name in clients: ${name}.`, fix)] : []),
      ...(toolNamePattern.test(name)
        ? []
        : [problem(`Some clients refuse the name of ${ids}: ${name}.`, fix)]),
    ];
  });
}
