import { kamiTool, text } from 'kami-guest';

export default kamiTool({
  description: "Can't do without the client's model.",
  input: { type: 'object', properties: {} },
  async handler(_, ctx) {
    const answer = await ctx.sample({ messages: 'Are you there?', maxTokens: 10 });
    return text(answer.text);
  },
});
