import { kamiPrompt } from 'kami-guest';
import { formOf } from '../samples.ts';

export { bearer as default } from '../samples.ts';

export const prompts = [
  kamiPrompt({
    name: 'prompt',
    description: 'Asks what it is about.',
    async handler(_, ctx) {
      const answer = await ctx.elicit({
        key: 'user_context',
        message: 'What is it about?',
        schema: formOf('context', 'string'),
      });
      return `It is about ${answer.content?.context}.`;
    },
  }),
];
