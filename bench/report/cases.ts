import type { Figure } from '../measures/figure.ts';
import type { Subject } from '../subjects/subject.ts';

/** What one subject reached in one case. */
export interface CaseRow {
  readonly subject: string;
  readonly title: string;
  /** In the order in which they were measured; the first is the main one. */
  readonly figures: readonly Figure[];
}

/** The figures of one measure, by case and then by subject. */
export function casesOf(
  figures: readonly Figure[],
  subjects: readonly Pick<Subject, 'name' | 'title'>[],
): readonly { readonly name: string; readonly rows: readonly CaseRow[] }[] {
  return [...Map.groupBy(figures, (figure) => figure.case)].map(([name, own]) => ({
    name,
    rows: [...Map.groupBy(own, ({ subject }) => subject)].map(([subject, each]) => ({
      subject,
      title: subjects.find((one) => one.name === subject)?.title ?? subject,
      figures: each,
    })),
  }));
}

/** The value of the longest bar of a case. A case of one bar is compared with the other cases. */
export function longestOf(rows: readonly CaseRow[], figures: readonly Figure[]): number {
  const [main] = figures;
  const all = figures.filter(({ metric }) => metric === main?.metric);
  const values = rows.length === 1 ? all : rows.flatMap((row) => row.figures[0] ?? []);
  return Math.max(...values.map(({ value }) => value));
}
