import { kamiTool, text } from 'kami-guest';

export default kamiTool({
  description: "Asks the client's model.",
  input: { type: 'object', properties: { prompt: { type: 'string' } }, required: ['prompt'] },
  async handler({ prompt }, ctx) {
    const answer = await ctx.sample({ messages: prompt, maxTokens: 100 });
    return text(`The model says: ${answer.text}`);
  },
});
