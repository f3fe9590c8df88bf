import { benchDir } from '../places.ts';
import { runTool } from '../run-tool.ts';
import type { Figure } from './figure.ts';
import type { Measure } from './measure.ts';

interface MeteringRow {
  readonly name: string;
  readonly cached: number;
  readonly direct: number;
}

/** What counting instructions costs, without anything around it. */
export const fuel: Measure = {
  name: 'fuel',
  title: 'time with metering to time without, for the form that is used and for one that spares nothing',
  toolCounts: [],
  moreIsBetter: false,
  async run({ quick }) {
    const flags = quick ? ['--quick'] : [];
    const output = await runTool([process.execPath, 'metering.ts', '--json', ...flags], { cwd: benchDir });
    const { metering } = JSON.parse(output) as { readonly metering: readonly MeteringRow[] };
    return metering.flatMap(({ name, cached, direct }) => [
      figure(name, 'cached', cached),
      figure(name, 'direct', direct),
    ]);
  },
};

function figure(name: string, metric: string, value: number): Figure {
  return { measure: fuel.name, case: name, subject: 'metered', metric, unit: '×', value };
}
