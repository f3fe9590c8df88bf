import { kamiTool, text } from 'kami-guest';
import { formOf } from '../samples.ts';

export default kamiTool({
  description: 'Asks the user, or the model where the user can not be asked.',
  input: { type: 'object', properties: {} },
  async handler(_, ctx) {
    try {
      const user = await ctx.elicit({ message: 'What are you called?', schema: formOf('name', 'string') });
      return text(`The user is called ${user.content?.name}.`);
    } catch {
      const model = await ctx.sample({ messages: 'Make up a name.', maxTokens: 50 });
      return text(`The user may be called ${model.text}.`);
    }
  },
});
