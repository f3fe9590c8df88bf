import { alignColumns } from '../report/table.ts';
import type { SoakRun } from './run.ts';

export function soakText({ tally, held, told }: SoakRun): string {
  const { violations } = tally;
  return [
    alignColumns([
      ['', 'asked', 'answered', 'wrong'],
      ...[...tally.counts].map(([kind, { asked, answered, wrong }]) => [
        kind,
        ...[asked, answered, wrong].map(String),
      ]),
    ]),
    alignColumns([
      ['at rest', 'MB', 'descriptors', 'processes'],
      ...held.map(({ before, after }) => [
        before.server,
        `${before.megabytes} → ${after.megabytes}`,
        `${before.descriptors} → ${after.descriptors}`,
        `${before.processes} → ${after.processes}`,
      ]),
    ]),
    `Told of changed tools: ${told.map(({ client, times }) => `${client} ${times}`).join(', ')}`,
    violations.length === 0
      ? 'Nothing went wrong.'
      : `Went wrong:\n${violations.map((one) => `  ${one}`).join('\n')}`,
  ].join('\n\n');
}

export function soakJson({ tally, held, told }: SoakRun): object {
  return { counts: Object.fromEntries(tally.counts), held, told, violations: tally.violations };
}
