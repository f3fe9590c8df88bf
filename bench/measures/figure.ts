/** One measured value: a median unless `metric` names another statistic. */
export interface Figure {
  readonly measure: string;
  /** What was done, such as `echo` or `50 tools`. */
  readonly case: string;
  /** Name of the subject. */
  readonly subject: string;
  /** What is told of it, such as `p95`; the first of a measure is what its chart shows. */
  readonly metric: string;
  readonly unit: Unit;
  readonly value: number;
}

export type Unit = 'ms' | 'calls/s' | 'calls' | 'MB' | '×';

export const megabyte = 1_000_000;
