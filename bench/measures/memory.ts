import { setTimeout as sleep } from 'node:timers/promises';
import type { TreeMemory } from '../process-tree.ts';
import { median } from '../statistics.ts';
import { type Session, startSession } from '../subjects/session.ts';
import type { Subject } from '../subjects/subject.ts';
import { echoTask, smallFibTask, type Task } from '../work/inputs.ts';
import { type Figure, megabyte } from './figure.ts';
import type { Measure, MeasureContext } from './measure.ts';

const restMs = 1_000;
const counts = [1, 50, 1_000] as const;
/** Calls at once, and sandboxes kept, in the smaller and the larger of two servers that are compared. */
const pools = [2, 6] as const;

/** What a server's processes hold while nothing is asked of them. */
export const memory: Measure = {
  name: 'memory',
  title: 'memory at rest: of all processes together, before and after calls',
  toolCounts: [...counts, 4],
  moreIsBetter: false,
  run: measure,
};

async function measure({ subjects, quick }: MeasureContext): Promise<Figure[]> {
  const own = subjects.filter(({ startOnly }) => startOnly !== true);
  const rounds = quick ? 1 : 2;
  const figures: Figure[] = [];
  for (const tools of counts) {
    const able = own.filter(({ toolCounts }) => toolCounts.includes(tools));
    const name = `no call yet, ${tools} ${tools === 1 ? 'tool' : 'tools'}`;
    figures.push(...(await sampled(able, rounds, tools, [[name, []]])));
  }
  const called = [
    ['after a call of one tool', [echoTask]],
    ['after a call of two tools', [smallFibTask]],
  ] as const;
  figures.push(...(await sampled(own, rounds, 4, called)));
  const kami = own.filter(({ name }) => name.startsWith('kami-'));
  figures.push(...(await warmInstances(kami, rounds)));
  return figures;
}

/** One server per round and subject: does the tasks of each step, rests, and looks. */
async function sampled(
  subjects: readonly Subject[],
  rounds: number,
  tools: number,
  steps: readonly (readonly [string, readonly Task[]])[],
): Promise<Figure[]> {
  const found = new Map<
    string,
    { readonly subject: string; readonly step: string; readonly all: TreeMemory[] }
  >();
  for (let round = 0; round < rounds; round++) {
    for (const subject of subjects) {
      await using(subject, tools, {}, async (session) => {
        for (const [step, tasks] of steps) {
          for (const task of tasks) await session.run(task);
          await sleep(restMs);
          const key = `${step} ${subject.name}`;
          const entry = found.get(key) ?? { subject: subject.name, step, all: [] };
          entry.all.push(session.memory());
          found.set(key, entry);
        }
      });
    }
  }
  return [...found.values()].flatMap(({ subject, step, all }) => [
    figure(step, subject, 'resident', median(all.map(({ rss }) => rss))),
    figure(step, subject, 'shared counted once', median(all.map(({ pss }) => pss))),
  ]);
}

/** What one more idle sandbox of a tool holds: from two servers that differ in how many they keep. */
async function warmInstances(subjects: readonly Subject[], rounds: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const subject of subjects) {
    const differences: { rss: number; pss: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      const held: TreeMemory[] = [];
      for (const pool of pools) {
        const settings = {
          KAMI_RUNTIME_POOL_SIZE: String(pool),
          // Sandboxes of a burst are kept for a while: only a bound on calls bounds their number.
          KAMI_RUNTIME_MAX_CONCURRENT: String(pool),
        };
        await using(subject, 4, settings, async (session) => {
          await Promise.all(Array.from({ length: 24 }, () => session.run(echoTask)));
          await sleep(restMs);
          held.push(session.memory());
        });
      }
      const [few, many] = held;
      if (few === undefined || many === undefined) continue;
      const more = pools[1] - pools[0];
      differences.push({ rss: (many.rss - few.rss) / more, pss: (many.pss - few.pss) / more });
    }
    const name = 'per warm instance';
    figures.push(
      figure(name, subject.name, 'resident', median(differences.map(({ rss }) => rss))),
      figure(name, subject.name, 'shared counted once', median(differences.map(({ pss }) => pss))),
    );
  }
  return figures;
}

async function using(
  subject: Subject,
  tools: number,
  settings: Readonly<Record<string, string>>,
  use: (session: Session) => Promise<void>,
): Promise<void> {
  const session = await startSession(subject, tools, settings);
  try {
    await use(session);
  } finally {
    await session.close();
  }
}

function figure(name: string, subject: string, metric: string, bytes: number): Figure {
  return { measure: memory.name, case: name, subject, metric, unit: 'MB', value: bytes / megabyte };
}
