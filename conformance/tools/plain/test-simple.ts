import { kamiPrompt } from 'kami-guest';

export { bearer as default } from '../samples.ts';

export const prompts = [
  kamiPrompt({
    name: 'prompt',
    description: 'Without arguments.',
    handler: () => 'A prompt, as simple as they get.',
  }),
];
