import { type Block, isBlock, text } from './content.ts';
import type { ToolContext } from './context.ts';
import { isObject } from './json.ts';
import { ToolDefinitionError } from './tool-error.ts';

/** One argument of a prompt: MCP passes texts. */
export interface PromptArgument {
  readonly title?: string;
  readonly description?: string;
  /** Default: true. */
  readonly required?: boolean;
  /** What it could be, for somebody who has written `value` so far; clients show the first hundred. */
  readonly complete?: (
    value: string,
    others: Readonly<Record<string, string>>,
  ) => readonly string[] | Promise<readonly string[]>;
}

export interface PromptMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string | Block;
}

type PromptArguments = Readonly<Record<string, PromptArgument>>;

/** What a prompt's handler gets. */
export type PromptInput<Arguments extends PromptArguments> = {
  readonly [Name in keyof Arguments as Arguments[Name] extends { readonly required: false }
    ? never
    : Name]: string;
} & {
  readonly [Name in keyof Arguments as Arguments[Name] extends { readonly required: false }
    ? Name
    : never]?: string;
};

/** What an author writes. */
export interface PromptInit<Arguments extends PromptArguments> {
  /** Small letters, digits and `-`. Clients see it after the name of the tool: `dev_example_notes_summary`. */
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly arguments?: Arguments & PromptArguments;
  /** A text is one message of the user. */
  readonly handler: (
    input: PromptInput<Arguments>,
    context: ToolContext,
  ) => PromptAnswer | Promise<PromptAnswer>;
}

export type PromptAnswer = string | Block | readonly PromptMessage[];

/** A prompt: what `kamiPrompt` makes, for the exported list `prompts` of an author's module. */
export interface Prompt {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly arguments: PromptArguments;
  readonly handler: (input: never, context: ToolContext) => PromptAnswer | Promise<PromptAnswer>;
}

const namePattern = /^[a-z0-9][a-z0-9-]{0,63}$/;

/**
 * Defines a prompt that a person can choose in a client.
 *
 * @throws ToolDefinitionError when the definition can't work
 * @example
 * export const prompts = [
 *   kamiPrompt({
 *     name: 'summary',
 *     description: 'Summarises a note.',
 *     arguments: { note: { description: 'Its title' } },
 *     handler: ({ note }) => `Summarise the note "${note}" in three sentences.`,
 *   }),
 * ];
 */
export function kamiPrompt<const Arguments extends PromptArguments = Readonly<Record<never, PromptArgument>>>(
  init: PromptInit<Arguments>,
): Prompt {
  const { name, title, description, arguments: given = {}, handler } = init;
  if (typeof name !== 'string' || !namePattern.test(name)) {
    throw new ToolDefinitionError('The name of a prompt is of small letters, digits and "-".');
  }
  if (typeof handler !== 'function' || !isObject(given)) {
    throw new ToolDefinitionError(`The prompt "${name}" needs a handler, and an object of arguments if any.`);
  }
  return Object.freeze({ name, title, description, arguments: given as PromptArguments, handler });
}

/** The messages that a handler returned, as MCP has them. */
export function toMessages(answer: unknown): readonly { readonly role: string; readonly content: Block }[] {
  if (Array.isArray(answer)) {
    return answer.map(({ role, content }: PromptMessage) => ({ role, content: toBlock(content) }));
  }
  return [{ role: 'user', content: toBlock(answer) }];
}

function toBlock(content: unknown): Block {
  return isBlock(content) ? content : text(String(content));
}
