import { image, kamiPrompt } from 'kami-guest';
import { redPixel } from '../samples.ts';

export { bearer as default } from '../samples.ts';

export const prompts = [
  kamiPrompt({
    name: 'arguments',
    description: 'Repeats its two arguments.',
    arguments: {
      arg1: {
        description: 'The first',
        complete: (value: string) => ['test', 'testing', 'tested'].filter((one) => one.startsWith(value)),
      },
      arg2: { description: 'The second' },
    },
    handler: ({ arg1, arg2 }) => `The arguments are ${arg1} and ${arg2}.`,
  }),
  kamiPrompt({
    name: 'image',
    description: 'Shows a picture, and asks about it.',
    handler: () => [
      { role: 'user', content: image(redPixel, 'image/png') },
      { role: 'user', content: 'What is in this picture?' },
    ],
  }),
];
