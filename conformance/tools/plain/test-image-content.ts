import { image, kamiTool } from 'kami-guest';
import { redPixel } from '../samples.ts';

export default kamiTool({
  description: 'Answers with one picture.',
  input: { type: 'object', properties: {} },
  handler: () => image(redPixel, 'image/png'),
});
