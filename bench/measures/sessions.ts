import { type Session, startSession } from '../subjects/session.ts';
import type { Subject } from '../subjects/subject.ts';

/** Starts one session of each subject, has them used, and ends them whatever happens. */
export async function withSessions<T>(
  subjects: readonly Subject[],
  tools: number,
  use: (sessions: readonly Session[]) => Promise<T>,
  settings?: Readonly<Record<string, string>>,
): Promise<T> {
  const sessions: Session[] = [];
  try {
    for (const subject of subjects.filter(({ startOnly }) => startOnly !== true))
      sessions.push(await startSession(subject, tools, settings));
    return await use(sessions);
  } finally {
    for (const session of sessions) await session.close();
  }
}

/** The same list, beginning one further each round: nobody always goes first. */
export function turned<T>(list: readonly T[], round: number): readonly T[] {
  const from = list.length === 0 ? 0 : round % list.length;
  return [...list.slice(from), ...list.slice(0, from)];
}
