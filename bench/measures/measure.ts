import type { Loopback } from '../loopback.ts';
import type { KamiData } from '../subjects/kami-data.ts';
import type { Subject } from '../subjects/subject.ts';
import type { Figure } from './figure.ts';

export interface MeasureContext {
  readonly subjects: readonly Subject[];
  readonly loopback: Loopback;
  readonly data: KamiData;
  /** Fewer rounds. */
  readonly quick: boolean;
}

/** One benchmark. */
export interface Measure {
  readonly name: string;
  readonly title: string;
  /** Whether the figures grow as it gets better. */
  readonly moreIsBetter: boolean;
  /** With how many tools it starts the subjects. */
  readonly toolCounts: readonly number[];
  readonly run: (context: MeasureContext) => Promise<readonly Figure[]>;
}
