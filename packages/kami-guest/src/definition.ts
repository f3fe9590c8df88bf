import { parseAnnotations, type ToolAnnotations } from './annotations.ts';
import type { ToolContext, ToolIdentity } from './context.ts';
import { version } from './generated/version.ts';
import { isObject, type JsonObject } from './json.ts';
import { type ResolvedSchema, resolveInputSchema, resolveSchema } from './schema/resolve.ts';
import { ToolDefinitionError } from './tool-error.ts';

/** A checked definition: what kamiTool() makes of what the author wrote. */
export interface ToolDefinition {
  readonly description: string;
  readonly input: ResolvedSchema;
  readonly output: ResolvedSchema | undefined;
  readonly annotations: ToolAnnotations | undefined;
  readonly handler: (input: unknown, context: ToolContext) => unknown;
}

/** What a tool says of itself: the answer of `describe()`. */
export interface ToolDescription extends ToolIdentity {
  readonly description: string;
  readonly inputSchema: JsonObject;
  readonly outputSchema?: JsonObject;
  readonly annotations?: ToolAnnotations;
  readonly sdk: { readonly name: 'kami-guest'; readonly version: string };
  /** How to read what `run` returns. */
  readonly convention: 'kami:result/1';
}

/**
 * Checks what the author wrote, whatever TypeScript thought of it.
 * @throws ToolDefinitionError
 */
export function parseDefinition(given: unknown): ToolDefinition {
  if (!isObject(given))
    throw new ToolDefinitionError('kamiTool() takes an object: { description, input, handler }.');
  const { description, input, output, annotations, handler } = given;
  if (typeof description !== 'string' || description.trim() === '') {
    throw new ToolDefinitionError('A tool needs a description: it is how a model decides when to call it.');
  }
  if (typeof handler !== 'function')
    throw new ToolDefinitionError('A tool needs a handler: a function (input, ctx) => result.');
  if (input === undefined) {
    throw new ToolDefinitionError(
      'A tool needs an input schema. For a tool without arguments: { type: "object", properties: {} }.',
    );
  }
  return Object.freeze({
    description,
    input: resolveInputSchema(input),
    output: output === undefined ? undefined : resolveSchema(output, 'output'),
    annotations: parseAnnotations(annotations),
    handler: handler as ToolDefinition['handler'],
  });
}

export function describeTool(definition: ToolDefinition, identity: ToolIdentity): ToolDescription {
  const { description, input, output, annotations } = definition;
  return {
    id: identity.id,
    name: identity.name,
    version: identity.version,
    description,
    inputSchema: input.jsonSchema,
    ...(output === undefined ? {} : { outputSchema: output.jsonSchema }),
    ...(annotations === undefined ? {} : { annotations }),
    sdk: { name: 'kami-guest', version },
    convention: 'kami:result/1',
  };
}
