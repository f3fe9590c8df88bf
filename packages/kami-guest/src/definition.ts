import { parseAnnotations, type ToolAnnotations, type ToolIcon } from './annotations.ts';
import type { ToolContext, ToolIdentity } from './context.ts';
import { version as sdkVersion } from './generated/version.ts';
import { isObject, type JsonObject } from './json.ts';
import { type ResolvedSchema, resolveInputSchema, resolveSchema } from './schema/resolve.ts';
import { toJson } from './to-json.ts';
import { ToolDefinitionError } from './tool-error.ts';

/** A checked definition: what kamiTool() makes of what the author wrote. */
export interface ToolDefinition {
  readonly description: string;
  readonly input: ResolvedSchema;
  readonly output: ResolvedSchema | undefined;
  readonly annotations: ToolAnnotations | undefined;
  readonly icons: unknown;
  readonly handler: (input: unknown, context: ToolContext) => unknown;
}

/** What a tool says of itself: the answer of `describe()`. */
export interface ToolDescription extends ToolIdentity {
  readonly description: string;
  readonly inputSchema: JsonObject;
  readonly outputSchema?: JsonObject;
  readonly annotations?: ToolAnnotations;
  readonly icons?: readonly ToolIcon[];
  readonly sdk: { readonly name: 'kami-guest'; readonly version: string };
  /** How to read what `run` returns. */
  readonly convention: 'kami:result/1';
}

/**
 * Checks what the author wrote, whatever TypeScript thought of it.
 * @throws ToolDefinitionError
 */
export function parseDefinition(given: unknown): ToolDefinition {
  const { description, input, output, annotations, icons, handler } = isObject(given) ? given : {};
  if (typeof description !== 'string' || description.trim() === '') {
    throw new ToolDefinitionError('description must be a text: a model chooses tools by it.');
  }
  if (typeof handler !== 'function') throw new ToolDefinitionError('handler must be a function.');
  return {
    description,
    input: resolveInputSchema(input),
    output: output === undefined ? undefined : resolveSchema(output, 'output'),
    annotations: parseAnnotations(annotations),
    icons,
    handler: handler as ToolDefinition['handler'],
  };
}

export function describeTool(
  definition: ToolDefinition,
  { id, name, version }: ToolIdentity,
): ToolDescription {
  const { description, input, output, annotations, icons } = definition;
  const answer = {
    id,
    name,
    version,
    description,
    inputSchema: input.jsonSchema,
    outputSchema: output?.jsonSchema,
    annotations,
    icons,
    sdk: { name: 'kami-guest', version: sdkVersion },
    convention: 'kami:result/1',
  };
  // Leaves out what is undefined.
  return toJson(answer, 'describe()') as JsonObject & ToolDescription;
}
