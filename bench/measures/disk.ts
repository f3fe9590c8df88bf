import { median } from '../statistics.ts';
import { type Figure, megabyte } from './figure.ts';
import type { Measure } from './measure.ts';

/** What a tool takes on the disk of an operator. */
export const disk: Measure = {
  name: 'disk',
  title: 'disk that an installed tool takes: all of it, and what KAMI derives from the component',
  toolCounts: [4],
  moreIsBetter: false,
  async run({ data }) {
    const [first, ...further] = data.sizes();
    if (first === undefined) return [];
    return [
      ...figures('the first tool', first.all, first.derived),
      ...figures(
        'each further tool',
        median(further.map(({ all }) => all)),
        median(further.map(({ derived }) => derived)),
      ),
    ];
  },
};

function figures(name: string, all: number, derived: number): Figure[] {
  const common = { measure: disk.name, case: name, subject: 'kami', unit: 'MB' } as const;
  return [
    { ...common, metric: 'all', value: all / megabyte },
    { ...common, metric: 'derived', value: derived / megabyte },
  ];
}
