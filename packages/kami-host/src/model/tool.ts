import type { JsonObject, JsonSchema } from './json.ts';
import type { Offers } from './offers.ts';

/**
 * What a tool says of itself when its component's `describe()` is called. It comes from a stranger:
 * `parseToolDescription` has bounded and checked it before it gets this type.
 */
export interface ToolDescription {
  /** Reverse-DNS id, version and name that the build put in; absent in components of other tool chains. */
  readonly id: string | undefined;
  readonly version: string | undefined;
  readonly name: string | undefined;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  readonly outputSchema: JsonSchema | undefined;
  readonly annotations: ToolAnnotations;
  readonly sdk: { readonly name: string; readonly version: string } | undefined;
  readonly convention: ResultConvention;
  /** Prompts and resources that the component exports beside the tool. */
  readonly offers: Offers;
}

/** Hints about a tool's behaviour, as MCP defines them. */
export interface ToolAnnotations {
  readonly title?: string;
  readonly readOnlyHint?: boolean;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: boolean;
  readonly openWorldHint?: boolean;
}

/**
 * How the text that `run` returns is to be read. `text`: it is the answer itself (any language).
 * `kami:result/1`: it is a JSON envelope written by kami-guest.
 */
export type ResultConvention = 'text' | 'kami:result/1';

/** An argument as `[[mcp.arguments]]` of tool.toml lists it, for components that describe no schema. */
export interface ToolArgument {
  readonly name: string;
  readonly type: 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object';
  readonly description: string | undefined;
  readonly required: boolean;
  readonly default: JsonObject[string] | undefined;
}
