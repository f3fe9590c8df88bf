import { kamiTool, text } from 'kami-guest';
import { pause } from '../samples.ts';

export default kamiTool({
  description: 'Writes three lines to the log, one after the other.',
  input: { type: 'object', properties: {} },
  async handler(_, { log }) {
    log.info('started');
    await pause();
    log.info('at work');
    await pause();
    log.info('done');
    return text('Three lines were logged.');
  },
});
