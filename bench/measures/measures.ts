import { cold } from './cold.ts';
import { disk } from './disk.ts';
import { fuel } from './fuel.ts';
import { growth } from './growth.ts';
import { http } from './http.ts';
import type { Measure } from './measure.ts';
import { memory } from './memory.ts';
import { spaced } from './spaced.ts';
import { throughput } from './throughput.ts';
import { waiting } from './waiting.ts';

/** In the order in which they run. */
export const allMeasures: readonly Measure[] = [
  cold,
  spaced,
  throughput,
  waiting,
  memory,
  growth,
  disk,
  http,
  fuel,
];
