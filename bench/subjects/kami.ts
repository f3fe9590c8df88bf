import { kamiCommand } from '../places.ts';
import type { WorkName } from '../work/works.ts';
import type { KamiData } from './kami-data.ts';
import type { Subject } from './subject.ts';

/** `kami serve` as it is built, in both kinds of isolation, with the same installed tools. */
export function kamiSubjects(data: KamiData): readonly Subject[] {
  const subject = (isolation: 'cell' | 'thread', title: string): Subject => ({
    name: `kami-${isolation}`,
    title,
    sandboxed: true,
    fresh: true,
    toolCounts: [1, 4, 50, 1_000],
    prepare: data.prepare,
    command: (tools) => ({
      args: [kamiCommand, 'serve'],
      cwd: data.folder(tools),
      env: { ...data.settings(tools), KAMI_RUNTIME_ISOLATION: isolation },
    }),
    toolName,
  });
  return [subject('cell', 'KAMI, cell (default)'), subject('thread', 'KAMI, thread')];
}

function toolName(work: WorkName): string {
  return `dev_kami_bench_${work}`;
}
