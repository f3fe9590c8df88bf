import { startLoopback } from './loopback.ts';
import type { Figure } from './measures/figure.ts';
import type { Measure } from './measures/measure.ts';
import { note } from './report/note.ts';
import { createReport, type Report } from './report/report.ts';
import { createKamiData } from './subjects/kami-data.ts';
import { allSubjects } from './subjects/subjects.ts';

export interface MeasuredRun {
  readonly report: Report;
  /** Benchmarks that could not be measured. */
  readonly failures: readonly string[];
}

/** Prepares the subjects and measures, one benchmark after the other; one that fails does not end the others. */
export async function measureAll(measures: readonly Measure[], quick: boolean): Promise<MeasuredRun> {
  const loopback = await startLoopback();
  const data = createKamiData(loopback.origin);
  const subjects = allSubjects(data);
  note('Preparing the subjects');
  const toolCounts = [...new Set(measures.flatMap((measure) => measure.toolCounts))];
  for (const subject of subjects) await subject.prepare(toolCounts);

  const figures: Figure[] = [];
  const failures: string[] = [];
  for (const measure of measures) {
    const start = performance.now();
    note(`Measuring ${measure.name}: ${measure.title}`);
    try {
      figures.push(...(await measure.run({ subjects, loopback, data, quick })));
    } catch (error) {
      failures.push(`${measure.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
    note(`  ${Math.round((performance.now() - start) / 1_000)} s`);
  }
  return { report: createReport({ measures, subjects, figures, failures, quick }), failures };
}
