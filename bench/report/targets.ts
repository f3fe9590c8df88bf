import type { Figure } from '../measures/figure.ts';
import { shortNumber } from './numbers.ts';
import { alignColumns } from './table.ts';

type Read = (measure: string, caseName: string, subject: string, metric?: string) => number;

interface Target {
  readonly text: string;
  readonly at: 'most' | 'least';
  readonly limit: number;
  readonly unit: string;
  /** From the figures of this run; NaN when one that it needs was not measured. */
  readonly measured: (read: Read) => number;
}

export interface CheckedTarget {
  readonly text: string;
  readonly at: 'most' | 'least';
  readonly limit: number;
  readonly unit: string;
  readonly measured: number;
  readonly reached: boolean;
}

/** What KAMI is to reach. Default isolation unless it says otherwise. */
const targets: readonly Target[] = [
  {
    text: 'spaced echo in a cell, above the bare SDK',
    at: 'most',
    limit: 1.3,
    unit: 'ms',
    measured: (read) => read('spaced', 'echo', 'kami-cell') - read('spaced', 'echo', 'sdk'),
  },
  {
    text: 'spaced echo in thread isolation, above the bare SDK',
    at: 'most',
    limit: 1,
    unit: 'ms',
    measured: (read) => read('spaced', 'echo', 'kami-thread') - read('spaced', 'echo', 'sdk'),
  },
  ...(
    [
      ['naive-instance', 'echo', 4],
      ['naive-worker', 'echo', 40],
      ['sdk', 'transform', 0.3],
    ] as const
  ).map(
    ([peer, work, limit]): Target => ({
      text: `throughput of ${work} at 16 in flight, to ${peer}`,
      at: 'least',
      limit,
      unit: '×',
      measured: (read) =>
        read('throughput', `${work}, 16 in flight`, 'kami-cell') /
        read('throughput', `${work}, 16 in flight`, peer),
    }),
  ),
  {
    text: 'cold start to tools/list with 50 tools, to the bare SDK',
    at: 'most',
    limit: 1.5,
    unit: '×',
    measured: (read) => read('cold', '50 tools', 'kami-cell') / read('cold', '50 tools', 'sdk'),
  },
  {
    text: 'first call after tools/list, with 50 tools',
    at: 'most',
    limit: 120,
    unit: 'ms',
    measured: (read) => read('cold', '50 tools', 'kami-cell', 'first call'),
  },
  {
    text: 'cold start to tools/list with 1000 tools, to 50 tools',
    at: 'most',
    limit: 1.2,
    unit: '×',
    measured: (read) => read('cold', '1000 tools', 'kami-cell') / read('cold', '50 tools', 'kami-cell'),
  },
  {
    text: "first call of a second tool, to the first tool's first call",
    at: 'most',
    limit: 0.25,
    unit: '×',
    measured: (read) =>
      read('cold', '50 tools', 'kami-cell', 'second tool') /
      read('cold', '50 tools', 'kami-cell', 'first call'),
  },
  ...(
    [
      ['all', 'disk that a further tool takes, with its component'],
      ['derived', 'disk that a further tool takes beside its component'],
    ] as const
  ).map(
    ([metric, text]): Target => ({
      text,
      at: 'most',
      limit: 1.5,
      unit: 'MB',
      measured: (read) => read('disk', 'each further tool', 'kami', metric),
    }),
  ),
  {
    text: 'memory that an installed tool adds before it is called',
    at: 'most',
    limit: 2,
    unit: 'MB',
    measured: (read) =>
      (read('memory', 'no call yet, 1000 tools', 'kami-cell') -
        read('memory', 'no call yet, 50 tools', 'kami-cell')) /
      950,
  },
  ...(['kami-cell', 'kami-thread'] as const).map(
    (subject): Target => ({
      text: `memory that a second tool adds once it was called, ${subject}`,
      at: 'most',
      limit: 2,
      unit: 'MB',
      measured: (read) =>
        read('memory', 'after a call of two tools', subject) -
        read('memory', 'after a call of one tool', subject),
    }),
  ),
  {
    text: 'memory after 10 000 calls, to after 1 000',
    at: 'most',
    limit: 1.1,
    unit: '×',
    measured: (read) =>
      read('growth', 'after 10000 calls', 'kami-cell') / read('growth', 'after 1000 calls', 'kami-cell'),
  },
];

/** Those of the targets whose figures were measured in this run. */
export function checkTargets(figures: readonly Figure[]): readonly CheckedTarget[] {
  const read: Read = (measure, caseName, subject, metric) =>
    figures.find(
      (figure) =>
        figure.measure === measure &&
        figure.case === caseName &&
        figure.subject === subject &&
        (metric === undefined || figure.metric === metric),
    )?.value ?? Number.NaN;
  return targets.flatMap(({ text, at, limit, unit, measured: compute }) => {
    const measured = compute(read);
    if (Number.isNaN(measured)) return [];
    const reached = at === 'most' ? measured <= limit : measured >= limit;
    return [{ text, at, limit, unit, measured, reached }];
  });
}

export function targetsText(checked: readonly CheckedTarget[]): string {
  return `targets\n${alignColumns([
    ['', 'target', 'measured', 'reached'],
    ...checked.map(({ text, at, limit, unit, measured, reached }) => [
      `  ${text}`,
      `${at === 'most' ? '≤' : '≥'} ${limit} ${unit}`,
      `${shortNumber(measured)} ${unit}`,
      reached ? 'yes' : 'no',
    ]),
  ])}`;
}
