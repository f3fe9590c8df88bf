import type { Figure } from '../measures/figure.ts';
import type { Subject } from '../subjects/subject.ts';
import { casesOf, longestOf } from './cases.ts';
import { shortNumber } from './numbers.ts';

const barWidth = 40;

/** The first metric of a measure as bars, a scale for each case. */
export function chartText(figures: readonly Figure[], subjects: readonly Subject[]): string {
  const cases = casesOf(figures, subjects);
  const nameWidth = Math.max(...cases.flatMap(({ rows }) => rows.map(({ title }) => title.length)));
  return cases
    .flatMap(({ name, rows }) => {
      const most = longestOf(rows, figures);
      return [
        name,
        ...rows.map(({ title, figures: [main] }) => {
          const value = main?.value ?? 0;
          const bar = '█'.repeat(Math.max(1, Math.round((value / most) * barWidth)));
          return `  ${title.padEnd(nameWidth)} ${bar} ${shortNumber(value)} ${main?.unit ?? ''}`;
        }),
      ];
    })
    .join('\n');
}
