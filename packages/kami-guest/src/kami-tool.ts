import type { ToolAnnotations, ToolIcon } from './annotations.ts';
import type { ClientContext } from './client.ts';
import type { Content } from './content.ts';
import { nativeIdentity, type ToolContext, type ToolIdentity } from './context.ts';
import { describeTool, parseDefinition, type ToolDefinition, type ToolDescription } from './definition.ts';
import { invoke } from './invoke.ts';
import { silentLog, type ToolLog } from './log.ts';
import { noClient } from './native-client.ts';
import type { InferInput, InferOutput, Schema } from './schema/infer.ts';

// Registered, so that a tool is known as one even when two copies of this package meet in a bundle.
const definitionKey = Symbol.for('kami-guest.definition');

export interface CallOptions {
  /** Where log lines go; nowhere by default. `console` fits. */
  readonly log?: ToolLog;
  /** Who the handler is told it is. */
  readonly tool?: ToolIdentity;
  /** Whom the handler can tell and ask; nobody by default. */
  readonly client?: Partial<ClientContext>;
}

/** A tool: the default export of an author's module. */
export interface Tool<Input = never, Result = unknown> {
  /**
   * Runs the tool natively, exactly as its component would: validates, calls the handler, validates again.
   * Resolves to the value or the content; rejects with a ToolError (InvalidInputError, InvalidOutputError,
   * or HandlerError with the original as its `cause`).
   */
  call(input: Input, options?: CallOptions): Promise<Result>;
  /** What the component's `describe()` will say, for the given identity. */
  describe(identity?: ToolIdentity): ToolDescription;
}

/** What an author writes. */
export interface ToolInit<Input extends Schema, Output extends Schema | undefined, Handler> {
  /** What the tool does and when to use it: for the model that chooses among tools. */
  readonly description: string;
  /** The arguments: an object schema, of any Standard Schema library or as plain JSON Schema. */
  readonly input: Input;
  /** The answer's shape. Becomes the tool's outputSchema; what the handler returns is checked against it. */
  readonly output?: Output;
  readonly annotations?: ToolAnnotations;
  /** Pictures that clients may show. */
  readonly icons?: readonly ToolIcon[];
  /** Does the work. May be async; may throw ToolError. */
  readonly handler: Handler;
}

/** What a handler may return: with an output schema, what that takes; anything otherwise. */
export type Answer<Output extends Schema | undefined> = Output extends Schema
  ? InferInput<Output> | Content<InferInput<Output>>
  : unknown;

/** What `call` resolves to where the handler returns `Returned`. */
export type Answered<Output extends Schema | undefined, Returned> = Output extends Schema
  ? Returned extends Content<unknown>
    ? Content<InferOutput<Output>>
    : InferOutput<Output>
  : Returned;

/**
 * Defines a tool.
 *
 * @throws ToolDefinitionError when the definition can't work, such as an input schema that is no object
 * @example
 * export default kamiTool({
 *   description: 'Greets somebody by name.',
 *   input: z.object({ name: z.string() }),
 *   output: z.object({ greeting: z.string() }),
 *   handler: ({ name }) => ({ greeting: `Hello, ${name}!` }),
 * });
 */
export function kamiTool<
  const Input extends Schema,
  Handler extends (
    input: InferOutput<Input>,
    context: ToolContext,
  ) => Answer<Output> | Promise<Answer<Output>>,
  const Output extends Schema | undefined = undefined,
>(
  definition: ToolInit<Input, Output, Handler>,
): Tool<InferInput<Input>, Answered<Output, Awaited<ReturnType<Handler>>>>;
export function kamiTool(given: unknown): Tool<unknown, unknown> {
  const definition = parseDefinition(given);
  const tool: Tool<unknown, unknown> = {
    async call(input, { log = silentLog, tool: identity = nativeIdentity, client } = {}) {
      return (await invoke(definition, input, { ...noClient, ...client, log, tool: identity })).returned;
    },
    describe: (identity = nativeIdentity) => describeTool(definition, identity),
  };
  return Object.freeze(Object.defineProperty(tool, definitionKey, { value: definition }));
}

/** The definition behind what kamiTool() returned; undefined for anything else. */
export function definitionOf(value: unknown): ToolDefinition | undefined {
  return (value as { readonly [definitionKey]?: ToolDefinition } | undefined)?.[definitionKey];
}
