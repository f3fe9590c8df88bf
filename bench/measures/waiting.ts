import { median, sum } from '../statistics.ts';
import type { Session } from '../subjects/session.ts';
import { fetchTask } from '../work/inputs.ts';
import type { Figure } from './figure.ts';
import type { Measure, MeasureContext } from './measure.ts';
import { turned, withSessions } from './sessions.ts';

const calls = 64;
/** KAMI runs few calls at a time by default; this lets all of them run. */
const roomForAll = { KAMI_RUNTIME_MAX_CONCURRENT: String(calls) };

/** Calls that do nothing but wait for an answer from elsewhere: does one hold up the others? */
export const waiting: Measure = {
  name: 'waiting',
  title: `${calls} calls at once, each of which fetches what takes 50 ms to come`,
  toolCounts: [4],
  moreIsBetter: false,
  async run(context) {
    const kami = context.subjects.filter(({ name }) => name.startsWith('kami-'));
    return [
      ...(await withSessions(context.subjects, 4, (sessions) =>
        measure('default settings', sessions, context),
      )),
      ...(await withSessions(
        kami,
        4,
        (sessions) => measure(`KAMI with max_concurrent = ${calls}`, sessions, context),
        roomForAll,
      )),
    ];
  },
};

async function measure(
  name: string,
  sessions: readonly Session[],
  { loopback, quick }: MeasureContext,
): Promise<Figure[]> {
  const task = fetchTask(loopback.later);
  const rounds = new Map(sessions.map((session) => [session, [] as Round[]]));
  for (const session of sessions) await session.run(task);
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    for (const session of turned(sessions, round)) {
      const start = performance.now();
      const each = await Promise.all(Array.from({ length: calls }, () => session.tryRun(task)));
      rounds
        .get(session)
        ?.push({ tookMs: performance.now() - start, failed: each.filter((answered) => !answered).length });
    }
  }
  return [...rounds].flatMap(([{ subject }, all]): Figure[] => {
    const own = { measure: waiting.name, case: name, subject: subject.name };
    return [
      { ...own, metric: 'until the last', unit: 'ms', value: median(all.map(({ tookMs }) => tookMs)) },
      { ...own, metric: 'failed', unit: 'calls', value: sum(all.map(({ failed }) => failed)) },
    ];
  });
}

interface Round {
  readonly tookMs: number;
  readonly failed: number;
}
