import { kamiTool, text } from 'kami-guest';
import { formOf } from '../samples.ts';

export default kamiTool({
  description: 'Asks for three things at once.',
  input: { type: 'object', properties: {} },
  async handler(_, ctx) {
    const [user, greeting, roots] = await Promise.all([
      ctx.elicit({ key: 'user_name', message: 'What are you called?', schema: formOf('name', 'string') }),
      ctx.sample({ key: 'greeting', messages: 'Greet somebody.', maxTokens: 50 }),
      ctx.roots({ key: 'client_roots' }),
    ]);
    return text(`${greeting.text} ${user.content?.name} works on ${roots.length} folders.`);
  },
});
