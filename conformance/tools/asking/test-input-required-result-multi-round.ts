import { kamiTool, text } from 'kami-guest';
import { formOf } from '../samples.ts';

export default kamiTool({
  description: 'Asks for one thing, and with the answer for another.',
  input: { type: 'object', properties: {} },
  async handler(_, ctx) {
    const first = await ctx.elicit({
      key: 'step1',
      message: 'First: what are you called?',
      schema: formOf('name', 'string'),
    });
    const second = await ctx.elicit({
      key: 'step2',
      message: `Then: which colour do you like, ${first.content?.name}?`,
      schema: formOf('color', 'string'),
    });
    return text(`${first.content?.name} likes ${second.content?.color}.`);
  },
});
