import { kamiTool, text } from 'kami-guest';
import { formOf } from '../samples.ts';

export default kamiTool({
  description: 'Asks for a confirmation, and goes on if its state comes back as it was.',
  input: { type: 'object', properties: {} },
  async handler(_, ctx) {
    await ctx.elicit({ key: 'confirm', message: 'Go on?', schema: formOf('ok', 'boolean') });
    return text('state-ok');
  },
});
