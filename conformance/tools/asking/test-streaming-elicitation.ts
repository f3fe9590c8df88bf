import { kamiTool, text } from 'kami-guest';
import { formOf } from '../samples.ts';

export default kamiTool({
  description: 'Says how far it is, and then asks the user.',
  input: { type: 'object', properties: {} },
  async handler(_, ctx) {
    ctx.progress(1, 2);
    const answer = await ctx.elicit({ message: 'Go on?', schema: formOf('ok', 'boolean') });
    return text(`The user answers: ${answer.action}`);
  },
});
