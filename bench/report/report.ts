import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Figure } from '../measures/figure.ts';
import type { Measure } from '../measures/measure.ts';
import { resultsDir } from '../places.ts';
import type { Subject } from '../subjects/subject.ts';
import { chartText } from './bars.ts';
import { chartSvg } from './svg.ts';
import { tableText } from './table.ts';
import { checkTargets, targetsText } from './targets.ts';

export interface ReportInput {
  readonly measures: readonly Measure[];
  readonly subjects: readonly Subject[];
  readonly figures: readonly Figure[];
  /** Benchmarks that could not be measured, and why. */
  readonly failures: readonly string[];
  readonly quick: boolean;
}

export interface Report {
  readonly text: string;
  readonly json: object;
  /** Writes JSON and chart to the folder of results; returns the files. */
  readonly write: () => readonly string[];
}

export function createReport(input: ReportInput): Report {
  const { measures, subjects, figures, failures, quick } = input;
  const targets = checkTargets(figures);
  const blocks = measures.flatMap((measure) => {
    const own = figures.filter((figure) => figure.measure === measure.name);
    return own.length === 0 ? [] : [tableText(measure, own, subjects), chartText(own, subjects)];
  });
  if (failures.length > 0) blocks.push(`Not measured:\n${failures.map((line) => `  ${line}`).join('\n')}`);
  if (targets.length > 0) blocks.push(targetsText(targets));
  const at = new Date().toISOString();
  const json = { at, quick, node: process.version, figures, targets, failures };
  return {
    text: blocks.join('\n\n'),
    json,
    write() {
      mkdirSync(resultsDir, { recursive: true });
      const name = at.replaceAll(':', '-').slice(0, 19);
      const contents = {
        [`${name}.json`]: `${JSON.stringify(json, undefined, 2)}\n`,
        [`${name}.svg`]: chartSvg(measures, figures, subjects),
      };
      return Object.entries(contents).map(([file, text]) => {
        const target = path.join(resultsDir, file);
        writeFileSync(target, text);
        return path.relative(process.cwd(), target);
      });
    },
  };
}
