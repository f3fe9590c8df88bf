import { kamiTool, text } from 'kami-guest';

export default kamiTool({
  description: 'Answers with one text.',
  input: { type: 'object', properties: {} },
  handler: () => text('A plain text, and nothing else.'),
});
