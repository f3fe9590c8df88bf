import type { Figure } from '../measures/figure.ts';
import type { Measure } from '../measures/measure.ts';
import type { Subject } from '../subjects/subject.ts';
import { casesOf } from './cases.ts';
import { shortNumber } from './numbers.ts';

/** The subject whose value is 1 in the last column. */
const baseSubject = 'sdk';

/** One table per measure: a line per case and subject, with the ratio to the bare SDK of the first metric. */
export function tableText(
  { name, title }: Measure,
  figures: readonly Figure[],
  subjects: readonly Subject[],
): string {
  const metrics = [...new Map(figures.map(({ metric, unit }) => [metric, unit]))];
  const cases = casesOf(figures, subjects);
  const compares = figures.some(({ subject }) => subject === baseSubject);
  const head = [
    '',
    ...metrics.map(([metric, unit]) => `${metric} ${unit}`),
    ...(compares ? [`to ${baseSubject}`] : []),
  ];
  const lines = cases.flatMap(({ name: caseName, rows }) => {
    const base = rows.find(({ subject }) => subject === baseSubject)?.figures[0];
    return [
      [caseName],
      ...rows.map(({ title: subject, figures: own }) => {
        const values = metrics.map(([metric]) => own.find((figure) => figure.metric === metric)?.value);
        const ratio = base === undefined ? Number.NaN : (own[0]?.value ?? Number.NaN) / base.value;
        return [
          `  ${subject}`,
          ...values.map((value) => (value === undefined ? '' : shortNumber(value))),
          ...(Number.isNaN(ratio) ? [] : [`× ${shortNumber(ratio)}`]),
        ];
      }),
    ];
  });
  return `${name}: ${title}\n${alignColumns([head, ...lines])}`;
}

/** The first column to the left, the others to the right. */
export function alignColumns(lines: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const line of lines) {
    for (const [index, cell] of line.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  }
  return lines
    .map((line) =>
      line
        .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
