import { setTimeout as sleep } from 'node:timers/promises';
import { percentile, timed } from '../statistics.ts';
import type { Session } from '../subjects/session.ts';
import { echoTask, fetchTask, fibTask, type Task, transformTask } from '../work/inputs.ts';
import type { Figure } from './figure.ts';
import type { Measure, MeasureContext } from './measure.ts';
import { turned, withSessions } from './sessions.ts';

const pauseMs = 20;
/** V8 compiles anew what runs often, and goes on with that for some hundred calls. */
const warmUpMs = 1_500;
const callsInTurn = 10;
const percents = [50, 95, 99] as const;

/** Calls as an agent makes them, one after the other with pauses: what one waits for an answer. */
export const spaced: Measure = {
  name: 'spaced',
  title: `one call at a time, ${pauseMs} ms apart`,
  toolCounts: [4],
  moreIsBetter: false,
  run: (context) => withSessions(context.subjects, 4, (sessions) => measure(sessions, context)),
};

async function measure(sessions: readonly Session[], { loopback, quick }: MeasureContext): Promise<Figure[]> {
  const plan: readonly (readonly [Task, number])[] = [
    [echoTask, quick ? 3 : 15],
    [transformTask, quick ? 1 : 3],
    [fibTask, quick ? 1 : 3],
    [fetchTask(loopback.now), quick ? 1 : 3],
  ];
  const figures: Figure[] = [];
  for (const [task, rounds] of plan) {
    for (const session of sessions) await warmUp(session, task, quick ? warmUpMs / 3 : warmUpMs);
    const taken = new Map(sessions.map((session) => [session, [] as number[]]));
    for (let round = 0; round < rounds; round++) {
      for (const session of turned(sessions, round))
        taken.get(session)?.push(...(await repeat(session, task, callsInTurn)));
    }
    for (const [{ subject }, times] of taken) {
      for (const percent of percents) {
        figures.push({
          measure: spaced.name,
          case: task.work,
          subject: subject.name,
          metric: `p${percent}`,
          unit: 'ms',
          value: percentile(times, percent),
        });
      }
    }
  }
  return figures;
}

async function warmUp(session: Session, task: Task, ms: number): Promise<void> {
  const end = performance.now() + ms;
  do await session.run(task);
  while (performance.now() < end);
}

async function repeat(session: Session, task: Task, calls: number): Promise<number[]> {
  const times: number[] = [];
  for (let call = 0; call < calls; call++) {
    await sleep(pauseMs);
    times.push(await timed(() => session.run(task)));
  }
  return times;
}
