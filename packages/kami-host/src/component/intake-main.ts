/**
 * The process in which a component is looked at for the first time: nothing of it was believed, compiled or run
 * before. It takes the bytes, checks and takes them apart, and answers once.
 */
import { isKamiError } from '../errors/kami-error.ts';
import { type IntakeAnswer, type IntakeRequest, refusedAnswer } from './intake-answer.ts';
import { takeApart } from './take-apart.ts';

process.once('message', async (request: IntakeRequest) => {
  process.send?.(await takeIn(request));
});
// Keeps the process until the other side has read the answer, or is gone: an end of its own could overtake it.
process.once('disconnect', () => {});
process.send?.('ready');

async function takeIn({ bytes, source }: IntakeRequest): Promise<IntakeAnswer> {
  try {
    return { status: 'accepted', component: await takeApart(bytes, source) };
  } catch (error) {
    if (!isKamiError(error)) throw error;
    return refusedAnswer(error);
  }
}
