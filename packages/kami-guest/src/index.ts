/**
 * kami-guest: the author's side of KAMI. Runs in Node and in the component; imports nothing.
 */

export type { ToolAnnotations, ToolIcon } from './annotations.ts';
// What a tool tells and asks its client
export type {
  AskInit,
  ClientContext,
  ElicitAnswer,
  ElicitInit,
  Root,
  SampleAnswer,
  SampleInit,
  SampleMessage,
} from './client.ts';
// Rich content
export {
  audio,
  type Block,
  type BlockAnnotations,
  type BlockOptions,
  type Content,
  content,
  image,
  type ResourceInit,
  type ResourceLinkFields,
  resource,
  resourceLink,
  text,
} from './content.ts';
export type { ToolContext, ToolIdentity } from './context.ts';
export type { ToolDescription } from './definition.ts';
// The result convention kami:result/1
export {
  type FailureEnvelope,
  parseInput,
  type SuccessEnvelope,
  serialiseError,
  serialiseOutput,
} from './envelope.ts';
export type { ToolResult } from './invoke.ts';
export type { Json, JsonObject } from './json.ts';
// Define a tool
export {
  type Answer,
  type Answered,
  type CallOptions,
  kamiTool,
  type Tool,
  type ToolInit,
} from './kami-tool.ts';
export type { LogLevel, ToolLog } from './log.ts';
// Prompts and resources
export {
  kamiPrompt,
  type Prompt,
  type PromptAnswer,
  type PromptArgument,
  type PromptInit,
  type PromptInput,
  type PromptMessage,
} from './prompt.ts';
export {
  kamiResource,
  type Resource,
  type ResourceAnswer,
  type ResourceContents,
  type StaticResourceInit,
  type TemplateResourceInit,
} from './resource-definition.ts';
// Schemas
export type { FromJsonSchema } from './schema/from-json-schema.ts';
export type { InferInput, InferOutput, Schema } from './schema/infer.ts';
export { type StandardSchema, withJsonSchema } from './schema/standard.ts';
// Failures
export {
  type FailureKind,
  HandlerError,
  InvalidInputError,
  InvalidOutputError,
  ToolDefinitionError,
  ToolError,
  type ToolErrorOptions,
  wrapError,
} from './tool-error.ts';
