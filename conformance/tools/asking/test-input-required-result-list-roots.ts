import { kamiTool, text } from 'kami-guest';

export default kamiTool({
  description: 'Tells the folders that the client works on.',
  input: { type: 'object', properties: {} },
  async handler(_, ctx) {
    const roots = await ctx.roots({ key: 'client_roots' });
    return text(roots.map(({ uri }) => uri).join('\n'));
  },
});
