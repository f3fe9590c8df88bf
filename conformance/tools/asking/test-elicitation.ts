import { kamiTool, text } from 'kami-guest';

export default kamiTool({
  description: 'Asks the user who they are.',
  input: { type: 'object', properties: { message: { type: 'string' } }, required: ['message'] },
  async handler({ message }, ctx) {
    const answer = await ctx.elicit({
      message,
      schema: {
        type: 'object',
        properties: {
          username: { type: 'string', description: 'What they are called' },
          email: { type: 'string', description: 'Where they read mail' },
        },
        required: ['username', 'email'],
      },
    });
    return text(`The user answers: ${JSON.stringify(answer)}`);
  },
});
