let calls = 0;

export type Row = Readonly<Record<string, unknown>>;

export interface TransformInput {
  readonly rows: readonly Row[];
  /** Keeps rows whose `size` is at least this. */
  readonly atLeast: number;
  readonly sortBy: string;
}

export interface TransformAnswer {
  readonly rows: readonly Row[];
  readonly matched: number;
  readonly call: number;
}

/** Filters, sorts and renames: what a tool for JSON does all day. */
export function transform({ rows, atLeast, sortBy }: TransformInput): TransformAnswer {
  calls++;
  const kept = rows.filter(({ size }) => typeof size === 'number' && size >= atLeast);
  const sorted = kept.toSorted((left, right) => compare(left[sortBy], right[sortBy]));
  const renamed = sorted.map(({ id, ...rest }) => ({ key: id, ...rest }));
  return { rows: renamed, matched: kept.length, call: calls };
}

function compare(left: unknown, right: unknown): number {
  const [a, b] = [String(left), String(right)];
  return a < b ? -1 : a > b ? 1 : 0;
}
