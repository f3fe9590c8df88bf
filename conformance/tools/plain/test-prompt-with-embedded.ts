import { kamiPrompt, resource } from 'kami-guest';

export { bearer as default } from '../samples.ts';

export const prompts = [
  kamiPrompt({
    name: 'resource',
    description: 'Hands over a resource, and asks to work on it.',
    arguments: { resourceUri: { description: 'Its URI' } },
    handler: ({ resourceUri }) => [
      {
        role: 'user',
        content: resource({ uri: resourceUri, mimeType: 'text/plain', text: 'The text of a resource.' }),
      },
      { role: 'user', content: 'What does it say?' },
    ],
  }),
];
