import { audio, kamiTool } from 'kami-guest';
import { silence } from '../samples.ts';

export default kamiTool({
  description: 'Answers with one sound.',
  input: { type: 'object', properties: {} },
  handler: () => audio(silence, 'audio/wav'),
});
