import { changeGrant, type Grant, type GrantChange, type Grantor, noGrant } from '../model/grant.ts';
import type { ToolId } from '../model/ids.ts';
import type { Registry } from '../registry/open-registry.ts';
import { requireTool } from '../registry/require-tool.ts';

export interface GrantOutcome {
  readonly id: ToolId;
  readonly before: Grant;
  readonly after: Grant;
}

/**
 * Changes what a tool is granted, as it is at this moment: two processes that grant at once lose nothing.
 * In a running server it holds from the next call on.
 *
 * @throws KamiError `KAMI_TOOL_NOT_FOUND`, `KAMI_REGISTRY_CORRUPT` when the present grant is damaged, and those of
 *   the registry
 */
export function changeToolGrant(
  { tools, grants }: Pick<Registry, 'tools' | 'grants'>,
  id: string,
  change: GrantChange,
  grantor: Grantor,
): GrantOutcome {
  return tools.transaction(() => {
    const tool = requireTool(tools, id);
    const before = grants.find(tool.id) ?? noGrant;
    const after = changeGrant(before, change, grantor);
    if (after !== before) grants.save(tool.id, after);
    return { id: tool.id, before, after };
  });
}

/**
 * Takes everything away from a tool, also a grant that can't be read.
 * @throws KamiError `KAMI_TOOL_NOT_FOUND`, and those of the registry
 */
export function revokeAll({ tools, grants }: Pick<Registry, 'tools' | 'grants'>, id: string): boolean {
  return tools.transaction(() => grants.delete(requireTool(tools, id).id));
}
