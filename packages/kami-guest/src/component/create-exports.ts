/// <reference path="../generated/guest/kami-tool.d.ts" preserve="true" />
import type { ToolIdentity } from '../context.ts';
import { describeTool } from '../definition.ts';
import { parseInput, serialiseError, serialiseOutput } from '../envelope.ts';
import { invoke } from '../invoke.ts';
import { definitionOf } from '../kami-tool.ts';
import { createLog } from '../log.ts';
import { ToolDefinitionError, wrapError } from '../tool-error.ts';
import { rehearse } from './rehearse.ts';
import type { HostLog } from './startup.ts';

type World = typeof import('kami:tool/tool@0.1.0');

/** The interface `kami:tool/tool`, as componentize-js wants it: `run` may be async, and throws its err text. */
export interface ComponentExports {
  readonly run: (...parameters: Parameters<World['run']>) => Promise<ReturnType<World['run']>>;
  readonly describe: World['describe'];
}

/**
 * The exports of a component for what an author's module exports by default.
 * @throws ToolDefinitionError when that is no tool
 */
export function createExports(tool: unknown, identity: ToolIdentity, host: HostLog): ComponentExports {
  const definition = definitionOf(tool);
  if (definition === undefined) {
    throw new ToolDefinitionError('The default export must be what kamiTool({ … }) returns.');
  }
  const context = { log: createLog(host.write), tool: identity };
  const description = JSON.stringify(describeTool(definition, identity));
  host.mute(() => rehearse(definition));
  return {
    async run(input) {
      host.beginCall();
      try {
        return serialiseOutput(await invoke(definition, parseInput(input), context));
      } catch (thrown) {
        // A string, because that alone becomes the err case of `run`; anything else would be a trap.
        throw serialiseError(wrapError(thrown));
      }
    },
    describe: () => description,
  };
}
