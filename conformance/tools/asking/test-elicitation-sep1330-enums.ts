import { kamiTool, text } from 'kami-guest';

const options = ['option1', 'option2', 'option3'] as const;
const titled = [
  { const: 'value1', title: 'The first' },
  { const: 'value2', title: 'The second' },
  { const: 'value3', title: 'The third' },
] as const;

export default kamiTool({
  description: 'Asks with each kind of choice that a form may have.',
  input: { type: 'object', properties: {} },
  async handler(_, ctx) {
    const answer = await ctx.elicit({
      message: 'Which ones?',
      schema: {
        type: 'object',
        properties: {
          untitledSingle: { type: 'string', enum: options },
          titledSingle: { type: 'string', oneOf: titled },
          legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['One', 'Two', 'Three'] },
          untitledMulti: { type: 'array', items: { type: 'string', enum: options } },
          titledMulti: { type: 'array', items: { anyOf: titled } },
        },
      },
    });
    return text(`The user answers: ${JSON.stringify(answer)}`);
  },
});
