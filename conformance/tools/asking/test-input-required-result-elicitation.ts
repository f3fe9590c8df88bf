import { kamiTool, text } from 'kami-guest';
import { formOf } from '../samples.ts';

export default kamiTool({
  description: 'Greets the user by the name that it asks for.',
  input: { type: 'object', properties: {} },
  async handler(_, ctx) {
    const answer = await ctx.elicit({
      key: 'user_name',
      message: 'What are you called?',
      schema: formOf('name', 'string'),
    });
    return text(`Good day, ${answer.content?.name}!`);
  },
});
