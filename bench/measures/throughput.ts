import { median, sum } from '../statistics.ts';
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
  const [rounds, blockMs] = quick ? [2, 400] : [3, 500];
  const figures: Figure[] = [];
  for (const task of [echoTask, transformTask]) {
    for (const session of sessions) await block(session, task, 4, blockMs);
    for (const width of quick ? [1, 16] : inFlight) {
      const blocks = new Map(sessions.map((session) => [session, [] as Block[]]));
      const tired = new Set<Session>();
      for (let round = 0; round < rounds; round++) {
        for (const session of turned(sessions, round)) {
          if (tired.has(session)) continue;
          const done = await block(session, task, width, blockMs);
          blocks.get(session)?.push(done);
          // Its calls are so long that a second block would tell nothing new.
          if (done.tookMs > 4 * blockMs) tired.add(session);
        }
      }
      for (const [{ subject }, all] of blocks) {
        const own = {
          measure: throughput.name,
          case: `${task.work}, ${width} in flight`,
          subject: subject.name,
        };
        figures.push(
          { ...own, metric: 'rate', unit: 'calls/s', value: median(all.map(rate)) },
          { ...own, metric: 'failed', unit: 'calls', value: sum(all.map(({ failed }) => failed)) },
        );
      }
    }
  }
  return figures;
}

interface Block {
  readonly answered: number;
  readonly failed: number;
  readonly tookMs: number;
}

/** Starts calls for so long, waits for those on their way, and counts all. */
async function block(session: Session, task: Task, width: number, forMs: number): Promise<Block> {
  const start = performance.now();
  let [answered, failed] = [0, 0];
  const lane = async () => {
    while (performance.now() - start < forMs) {
      if (await session.tryRun(task)) answered++;
      else failed++;
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return { answered, failed, tookMs: performance.now() - start };
}

function rate({ answered, tookMs }: Block): number {
  return (answered / tookMs) * 1_000;
}
