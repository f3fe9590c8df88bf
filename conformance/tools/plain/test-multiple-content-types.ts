import { image, kamiTool, resource, text } from 'kami-guest';
import { redPixel } from '../samples.ts';

export default kamiTool({
  description: 'Answers with a text, a picture and a resource.',
  input: { type: 'object', properties: {} },
  handler: () => [
    text('Three kinds of content:'),
    image(redPixel, 'image/png'),
    resource({
      uri: 'test://mixed-content-resource',
      mimeType: 'application/json',
      text: JSON.stringify({ test: 'data', value: 123 }),
    }),
  ],
});
