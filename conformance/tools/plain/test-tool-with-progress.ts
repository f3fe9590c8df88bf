import { kamiTool, text } from 'kami-guest';
import { pause } from '../samples.ts';

export default kamiTool({
  description: 'Says how far it is, three times.',
  input: { type: 'object', properties: {} },
  async handler(_, ctx) {
    ctx.progress(0, 100);
    await pause();
    ctx.progress(50, 100);
    await pause();
    ctx.progress(100, 100);
    return text('All of it is done.');
  },
});
