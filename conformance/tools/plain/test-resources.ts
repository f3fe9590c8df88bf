import { kamiResource } from 'kami-guest';
import { redPixel } from '../samples.ts';

export { bearer as default } from '../samples.ts';

export const resources = [
  kamiResource({
    uri: 'test://static-text',
    name: 'static-text',
    description: 'A text.',
    mimeType: 'text/plain',
    read: () => 'The text of a resource.',
  }),
  kamiResource({
    uri: 'test://static-binary',
    name: 'static-binary',
    description: 'A picture.',
    mimeType: 'image/png',
    read: () => redPixel,
  }),
  kamiResource({
    uri: 'test://watched-resource',
    name: 'watched-resource',
    description: 'A text that clients subscribe to.',
    read: () => 'Nothing new.',
  }),
  kamiResource({
    uriTemplate: 'test://template/{id}/data',
    name: 'template',
    description: 'Data of any id.',
    mimeType: 'application/json',
    read: ({ id }) => ({ id, templateTest: true, data: `What there is of ${id}` }),
  }),
];
