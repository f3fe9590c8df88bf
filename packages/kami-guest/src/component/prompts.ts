import { isObject } from '../json.ts';
import { type Prompt, toMessages } from '../prompt.ts';
import { InvalidInputError, ToolDefinitionError } from '../tool-error.ts';
import type { Offer } from './offer.ts';
import { readTexts, suggestions } from './offer.ts';

/** What a component exports for an author's `prompts`. */
export function offerPrompts(given: unknown): Offer<'get' | 'complete'> {
  const prompts = given as readonly Prompt[];
  if (!Array.isArray(given) || !given.every((one) => isObject(one) && typeof one.handler === 'function')) {
    throw new ToolDefinitionError('The export "prompts" must be a list of what kamiPrompt({ … }) returns.');
  }
  const find = (name: string): Prompt => {
    const prompt = prompts.find((one) => one.name === name);
    if (prompt === undefined) throw new InvalidInputError(`There is no prompt "${name}".`);
    return prompt;
  };
  return {
    listed: {
      prompts: prompts.map(({ name, title, description, arguments: list }) => ({
        ...{ name, title, description },
        arguments: Object.entries(list).map(
          ([argument, { required = true, title, description, complete }]) => ({
            ...{ name: argument, title, description, required, completes: complete !== undefined },
          }),
        ),
      })),
    },
    functions: {
      async get(context, name = '', input) {
        const prompt = find(name);
        const values = readTexts(input);
        for (const [argument, { required = true }] of Object.entries(prompt.arguments)) {
          if (required && values[argument] === undefined) {
            throw new InvalidInputError(`The prompt "${name}" needs the argument "${argument}".`);
          }
        }
        const messages = toMessages(await prompt.handler(values as never, context));
        return JSON.stringify({ description: prompt.description, messages });
      },
      complete: async (_context, name = '', argument = '', value = '', others) =>
        suggestions(find(name).arguments[argument]?.complete, value, others),
    },
  };
}
