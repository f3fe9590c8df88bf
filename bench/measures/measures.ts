import type { Measure } from './measure.ts';
import { spaced } from './spaced.ts';
import { throughput } from './throughput.ts';

/** In the order in which they run. */
export const allMeasures: readonly Measure[] = [spaced, throughput];
