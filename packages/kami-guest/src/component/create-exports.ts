/// <reference path="../generated/guest/kami-tool-and-more.d.ts" preserve="true" />
import type { ClientContext } from '../client.ts';
import type { ToolContext, ToolIdentity } from '../context.ts';
import { describeTool } from '../definition.ts';
import { parseInput, serialiseError, serialiseOutput } from '../envelope.ts';
import { invoke } from '../invoke.ts';
import { definitionOf } from '../kami-tool.ts';
import { createLog } from '../log.ts';
import { noClient } from '../native-client.ts';
import { ToolDefinitionError, wrapError } from '../tool-error.ts';
import { rehearse } from './rehearse.ts';
import type { HostLog } from './startup.ts';

type World = typeof import('kami:tool/tool@0.1.0');

/** The interface `kami:tool/tool`, as componentize-js wants it: `run` may be async, and throws its err text. */
export interface ToolExports {
  readonly run: (...parameters: Parameters<World['run']>) => Promise<ReturnType<World['run']>>;
  readonly describe: World['describe'];
}

/** What a component exports for its tool, and what its other exports are made with. */
export interface ComponentExports {
  readonly tool: ToolExports;
  /** Makes an exported function of one that may throw. */
  readonly asExport: (work: Work) => (...texts: string[]) => Promise<string>;
}

export type Work = (context: ToolContext, ...texts: string[]) => Promise<string>;

/** What an author's module uses and exports beside its tool. */
export interface Extras {
  readonly client?: ClientContext;
  /** What `describe` says of the other exports. */
  readonly listed?: readonly object[];
}

/**
 * The exports of a component for what an author's module exports by default.
 * @throws ToolDefinitionError when that is no tool
 */
export function createExports(
  tool: unknown,
  identity: ToolIdentity,
  host: HostLog,
  { client, listed = [] }: Extras = {},
): ComponentExports {
  const definition = definitionOf(tool);
  if (definition === undefined) {
    throw new ToolDefinitionError('The default export must be what kamiTool() returns.');
  }
  const context = { ...noClient, ...client, log: createLog(host.write), tool: identity };
  const description = JSON.stringify(Object.assign(describeTool(definition, identity), ...listed));
  host.mute(() => rehearse(definition));
  const asExport: ComponentExports['asExport'] =
    (work) =>
    async (...texts) => {
      host.beginCall();
      try {
        return await work(context, ...texts);
      } catch (thrown) {
        // A string, because that alone becomes the err case; anything else would be a trap.
        throw serialiseError(wrapError(thrown));
      }
    };
  return {
    tool: {
      run: asExport(async (_, input) =>
        serialiseOutput(await invoke(definition, parseInput(input as string), context)),
      ),
      describe: () => description,
    },
    asExport,
  };
}
