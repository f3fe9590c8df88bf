import { kamiTool, text } from 'kami-guest';

export default kamiTool({
  description: 'Asks with a default for each kind of field.',
  input: { type: 'object', properties: {} },
  async handler(_, ctx) {
    const answer = await ctx.elicit({
      message: 'Is all of this so?',
      schema: {
        type: 'object',
        properties: {
          name: { type: 'string', default: 'John Doe' },
          age: { type: 'integer', default: 30 },
          score: { type: 'number', default: 95.5 },
          status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
          verified: { type: 'boolean', default: true },
        },
      },
    });
    return text(`The user answers: ${JSON.stringify(answer)}`);
  },
});
