import { kamiTool, resource } from 'kami-guest';

export default kamiTool({
  description: 'Answers with one resource inside the result.',
  input: { type: 'object', properties: {} },
  handler: () =>
    resource({ uri: 'test://embedded-resource', mimeType: 'text/plain', text: 'The text of a resource.' }),
});
