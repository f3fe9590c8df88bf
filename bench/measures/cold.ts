import { setTimeout as sleep } from 'node:timers/promises';
import { median, timed } from '../statistics.ts';
import { startSession } from '../subjects/session.ts';
import type { Subject } from '../subjects/subject.ts';
import { echoTask, smallFibTask } from '../work/inputs.ts';
import type { Figure } from './figure.ts';
import type { Measure, MeasureContext } from './measure.ts';
import { turned } from './sessions.ts';

const counts = [1, 50, 1_000] as const;
/** Between the first calls of two tools. */
const pauseMs = 1_000;

interface Start {
  readonly listed: number;
  readonly firstCall: number;
  /** The first call of another tool, which has nothing to compute; undefined where there is one tool alone. */
  readonly secondTool: number | undefined;
}

/** A new process each time: until tools/list is answered, then the first call at once, a little later that of another tool. */
export const cold: Measure = {
  name: 'cold',
  title: 'from starting the process to the answer to tools/list, and the first calls after it',
  toolCounts: counts,
  moreIsBetter: false,
  run: measure,
};

async function measure({ subjects, quick }: MeasureContext): Promise<Figure[]> {
  const rounds = quick ? 3 : 5;
  const figures: Figure[] = [];
  for (const tools of counts) {
    const own = subjects.filter(({ toolCounts }) => toolCounts.includes(tools));
    const starts = new Map(own.map((subject) => [subject, [] as Start[]]));
    // The first start of each fills the disk's cache and does not count.
    for (const subject of own) await start(subject, tools);
    for (let round = 0; round < rounds; round++) {
      for (const subject of turned(own, round)) starts.get(subject)?.push(await start(subject, tools));
    }
    for (const [subject, each] of starts) figures.push(...figuresOf(subject, tools, each));
  }
  return figures;
}

async function start(subject: Subject, tools: number): Promise<Start> {
  const session = await startSession(subject, tools);
  try {
    const firstCall = await timed(() => session.run(echoTask));
    await sleep(pauseMs);
    const secondTool = tools === 1 ? undefined : await timed(() => session.run(smallFibTask));
    return { listed: session.listedAfterMs, firstCall, secondTool };
  } finally {
    await session.close();
  }
}

function figuresOf({ name }: Subject, tools: number, starts: readonly Start[]): Figure[] {
  const figure = (metric: string, values: readonly number[]): Figure[] =>
    values.length === 0
      ? []
      : [
          {
            measure: cold.name,
            case: tools === 1 ? '1 tool' : `${tools} tools`,
            subject: name,
            metric,
            unit: 'ms',
            value: median(values),
          },
        ];
  return [
    ...figure(
      'tools/list',
      starts.map(({ listed }) => listed),
    ),
    ...figure(
      'first call',
      starts.map(({ firstCall }) => firstCall),
    ),
    ...figure(
      'second tool',
      starts.flatMap(({ secondTool }) => secondTool ?? []),
    ),
  ];
}
