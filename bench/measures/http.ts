import { setTimeout as sleep } from 'node:timers/promises';
import { percentile, timed } from '../statistics.ts';
import {
  buildHttpEcho,
  type JcoServeMode,
  type JcoServer,
  jcoServeModes,
  startJcoServe,
} from '../subjects/jco-serve.ts';
import { echoTask } from '../work/inputs.ts';
import type { Figure } from './figure.ts';
import type { Measure } from './measure.ts';
import { turned, withSessions } from './sessions.ts';

const pauseMs = 20;
const callsInTurn = 10;

interface Caller {
  readonly subject: string;
  readonly run: () => Promise<void>;
}

/** jco's own server beside KAMI. It speaks HTTP and KAMI stdio, so this says how big the difference is, not why. */
export const http: Measure = {
  name: 'http',
  title: `spaced echo, ${pauseMs} ms apart: jco serve --isolate-requests over HTTP, the others over stdio`,
  toolCounts: [4],
  moreIsBetter: false,
  async run({ subjects, quick }) {
    const component = await buildHttpEcho();
    const servers: [JcoServeMode, JcoServer][] = [];
    try {
      for (const mode of jcoServeModes) servers.push([mode, await startJcoServe(component, mode)]);
      const beside = subjects.filter(({ name }) => name.startsWith('kami-') || name === 'sdk');
      return await withSessions(beside, 4, (sessions) =>
        measure(
          [
            ...sessions.map((session) => ({
              subject: session.subject.name,
              run: () => session.run(echoTask),
            })),
            ...servers.map(([mode, { run }]) => ({ subject: `jco serve, new ${mode} a request`, run })),
          ],
          quick ? 3 : 15,
        ),
      );
    } finally {
      for (const [, server] of servers) server.close();
    }
  },
};

async function measure(callers: readonly Caller[], rounds: number): Promise<Figure[]> {
  const taken = new Map(callers.map((caller) => [caller, [] as number[]]));
  for (const caller of callers) await repeat(caller);
  for (let round = 0; round < rounds; round++) {
    for (const caller of turned(callers, round)) taken.get(caller)?.push(...(await repeat(caller)));
  }
  return [...taken].flatMap(([{ subject }, times]) =>
    [50, 95].map(
      (percent): Figure => ({
        measure: http.name,
        case: 'echo',
        subject,
        metric: `p${percent}`,
        unit: 'ms',
        value: percentile(times, percent),
      }),
    ),
  );
}

async function repeat({ run }: Caller): Promise<number[]> {
  const times: number[] = [];
  for (let call = 0; call < callsInTurn; call++) {
    await sleep(pauseMs);
    times.push(await timed(run));
  }
  return times;
}
