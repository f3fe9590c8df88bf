import { median } from '../statistics.ts';
import type { Session } from '../subjects/session.ts';
import { echoTask, type Task, transformTask } from '../work/inputs.ts';
import type { Figure } from './figure.ts';
import type { Measure, MeasureContext } from './measure.ts';
import { turned, withSessions } from './sessions.ts';

const inFlight = [1, 16, 64] as const;

/** As many calls as a subject can answer, with a fixed number on their way all the time. */
export const throughput: Measure = {
  name: 'throughput',
  title: 'calls in a second, with 1, 16 and 64 in flight',
  toolCounts: [4],
  moreIsBetter: true,
  run: (context) => withSessions(context.subjects, 4, (sessions) => measure(sessions, context)),
};

async function measure(sessions: readonly Session[], { quick }: MeasureContext): Promise<Figure[]> {
  const [rounds, blockMs] = quick ? [2, 400] : [5, 600];
  const figures: Figure[] = [];
  for (const task of [echoTask, transformTask]) {
    for (const session of sessions) await block(session, task, 4, blockMs);
    for (const width of quick ? [1, 16] : inFlight) {
      const rates = new Map(sessions.map((session) => [session, [] as number[]]));
      const tired = new Set<Session>();
      for (let round = 0; round < rounds; round++) {
        for (const session of turned(sessions, round)) {
          if (tired.has(session)) continue;
          const { calls, tookMs } = await block(session, task, width, blockMs);
          rates.get(session)?.push((calls / tookMs) * 1_000);
          // Its calls are so long that a second block would tell nothing new.
          if (tookMs > 4 * blockMs) tired.add(session);
        }
      }
      for (const [{ subject }, values] of rates) {
        figures.push({
          measure: throughput.name,
          case: `${task.work}, ${width} in flight`,
          subject: subject.name,
          metric: 'rate',
          unit: 'calls/s',
          value: median(values),
        });
      }
    }
  }
  return figures;
}

/** Starts calls for so long, waits for those on their way, and counts all. */
async function block(
  session: Session,
  task: Task,
  width: number,
  forMs: number,
): Promise<{ readonly calls: number; readonly tookMs: number }> {
  const start = performance.now();
  let calls = 0;
  const lane = async () => {
    while (performance.now() - start < forMs) {
      await session.run(task);
      calls++;
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return { calls, tookMs: performance.now() - start };
}
