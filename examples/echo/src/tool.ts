import { content, kamiTool, resource, text } from 'kami-guest';

export default kamiTool({
  description: 'Sends a message back, as text and with all arguments as an attached JSON document.',
  input: {
    type: 'object',
    properties: {
      message: { type: 'string', minLength: 1, description: 'What to send back' },
      tone: { enum: ['plain', 'loud'], description: 'loud is upper case; plain unless given' },
    },
    required: ['message'],
    additionalProperties: false,
  },
  annotations: { readOnlyHint: true, idempotentHint: true },

  handler(input, { log, tool }) {
    const { message, tone = 'plain' } = input;
    log.info('echoing', message.length, 'characters');
    if (tone === 'loud') log.debug('in upper case');
    return content([
      text(tone === 'loud' ? message.toUpperCase() : message),
      resource(
        { uri: `echo://${tool.id}/arguments`, mimeType: 'application/json', text: JSON.stringify(input) },
        { annotations: { audience: ['user'] } },
      ),
    ]);
  },
});
