import { kamiTool, text } from 'kami-guest';

export default kamiTool({
  description: 'Writes a line to the log, which only a client that asked for it is told.',
  input: { type: 'object', properties: {} },
  handler(_, { log }) {
    log.error('for whoever wants to know');
    return text('A line was logged.');
  },
});
