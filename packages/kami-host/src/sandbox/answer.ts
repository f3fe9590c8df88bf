import type { CallOutcome } from '../model/call-result.ts';
import type { WorkerAnswer } from './protocol.ts';

/** The answer of an operation whose component was not started, or whose cost can't be told any more. */
export function bareAnswer(outcome: CallOutcome): WorkerAnswer {
  return { outcome, memoryPeakBytes: 0, fuel: 0, readClock: false, refusals: [], spent: undefined };
}
