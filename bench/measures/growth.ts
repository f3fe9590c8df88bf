import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '../subjects/session.ts';
import { echoTask } from '../work/inputs.ts';
import { type Figure, megabyte } from './figure.ts';
import type { Measure } from './measure.ts';
import { withSessions } from './sessions.ts';

const inFlight = 16;
const restMs = 1_500;

/** Whether a server that has answered many calls holds more than one that has answered some. */
export const growth: Measure = {
  name: 'growth',
  title: 'memory after many calls of an echo, 16 in flight',
  toolCounts: [4],
  moreIsBetter: false,
  async run({ subjects, quick }) {
    const marks = quick ? [200, 1_000] : [1_000, 5_000, 10_000];
    const figures: Figure[] = [];
    for (const subject of subjects.filter(({ name }) => name.startsWith('kami-') || name === 'sdk')) {
      figures.push(...(await withSessions([subject], 4, ([session]) => follow(session, marks))));
    }
    return figures;
  },
};

async function follow(session: Session | undefined, marks: readonly number[]): Promise<Figure[]> {
  if (session === undefined) return [];
  const figures: Figure[] = [];
  let done = 0;
  for (const mark of marks) {
    let left = mark - done;
    const lane = async () => {
      while (left-- > 0) await session.run(echoTask);
    };
    await Promise.all(Array.from({ length: inFlight }, lane));
    done = mark;
    await sleep(restMs);
    const { rss, pss } = session.memory();
    for (const [metric, bytes] of [
      ['resident', rss],
      ['shared counted once', pss],
    ] as const) {
      figures.push({
        measure: growth.name,
        case: `after ${mark} calls`,
        subject: session.subject.name,
        metric,
        unit: 'MB',
        value: bytes / megabyte,
      });
    }
  }
  return figures;
}
