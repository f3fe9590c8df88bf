/**
 * What the generated entry of a component imports, before the author's module, so that the console is in
 * place when that is evaluated. Works only inside a component of the world `kami:tool/kami-tool`.
 */
import { log } from 'kami:tool/host@0.1.0';
import type { ToolIdentity } from '../context.ts';
import { createConsole } from './console.ts';
import { type ComponentExports, createExports, type Extras } from './create-exports.ts';
import { fixEngine } from './engine-fixes.ts';
import { createHostLog } from './startup.ts';

export type { ComponentExports, Extras };

fixEngine();
const host = createHostLog(log);
Object.assign(globalThis.console, createConsole(host.write));

/**
 * The exports of a component that runs the given tool under the given identity.
 * @throws ToolDefinitionError when `tool` is not what kamiTool() returned
 */
export function exportTool(tool: unknown, identity: ToolIdentity, extras?: Extras): ComponentExports {
  return createExports(tool, identity, host, extras);
}
