import { kamiTool, text } from 'kami-guest';

export default kamiTool({
  description: "Asks the client's model for a capital.",
  input: { type: 'object', properties: {} },
  async handler(_, ctx) {
    const messages = 'Which city is the capital of France?';
    const answer = await ctx.sample({ key: 'capital_question', messages, maxTokens: 100 });
    return text(answer.text);
  },
});
