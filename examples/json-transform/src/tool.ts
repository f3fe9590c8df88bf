import { toStandardJsonSchema } from '@valibot/to-json-schema';
import { kamiTool, ToolError } from 'kami-guest';
import * as v from 'valibot';

const scalar = v.union([v.string(), v.number(), v.boolean(), v.null()]);
const row = v.record(v.string(), v.unknown());

const condition = v.object({
  field: v.string(),
  is: v.picklist(['equal', 'not equal', 'less', 'greater', 'containing']),
  value: scalar,
});
const order = v.object({ field: v.string(), descending: v.optional(v.boolean(), false) });

type Row = v.InferOutput<typeof row>;
type Condition = v.InferOutput<typeof condition>;
type Order = v.InferOutput<typeof order>;

export default kamiTool({
  description:
    'Filters, sorts, cuts and reshapes rows of JSON. The steps run in the order where, sort, limit, pick, rename; leave out what you do not need.',
  input: toStandardJsonSchema(
    v.object({
      rows: v.array(row),
      where: v.optional(v.pipe(v.array(condition), v.description('Keeps rows that meet all of these')), []),
      sort: v.optional(v.pipe(v.array(order), v.description('The first counts most')), []),
      limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
      pick: v.optional(v.pipe(v.array(v.string()), v.description('Fields to keep, in this order'))),
      rename: v.optional(v.pipe(v.record(v.string(), v.string()), v.description('Old name to new name')), {}),
    }),
  ),
  output: toStandardJsonSchema(
    v.object({
      rows: v.array(row),
      matched: v.pipe(v.number(), v.description('Rows that met the conditions, before the limit')),
    }),
  ),
  annotations: { readOnlyHint: true, idempotentHint: true },

  handler({ rows, where, sort, limit, pick, rename }) {
    const fields = new Set(rows.flatMap((one) => Object.keys(one)));
    const named = [...where, ...sort].map(({ field }) => field);
    for (const field of [...named, ...(pick ?? []), ...Object.keys(rename)]) {
      // Without rows no field is known, and none is missing.
      if (rows.length > 0 && !fields.has(field)) throw unknownField(field, [...fields]);
    }
    const names = renamed(pick ?? [...fields], rename);
    const matching = rows.filter((one) => where.every((each) => meets(one, each)));
    const sorted = sort.length === 0 ? matching : matching.toSorted((a, b) => compareRows(a, b, sort));
    return {
      rows: sorted.slice(0, limit).map((one) => reshape(one, names)),
      matched: matching.length,
    };
  },
});

function unknownField(field: string, known: readonly string[]): ToolError {
  return new ToolError(`No row has the field "${field}". The rows have: ${known.slice(0, 50).join(', ')}.`, {
    code: 'UNKNOWN_FIELD',
    data: { field, known: known.slice(0, 50) },
  });
}

/** Old and new name of each field that stays. */
function renamed(
  kept: readonly string[],
  rename: Readonly<Record<string, string>>,
): readonly (readonly [string, string])[] {
  const taken = new Map<string, string>();
  for (const field of kept) {
    const name = Object.hasOwn(rename, field) ? (rename[field] ?? field) : field;
    const other = taken.get(name);
    if (other !== undefined && other !== field) {
      throw new ToolError(`Two fields would be called "${name}": "${other}" and "${field}".`, {
        code: 'NAME_TAKEN',
        data: { name, fields: [other, field] },
      });
    }
    taken.set(name, field);
  }
  return [...taken].map(([name, field]) => [field, name]);
}

function reshape(one: Row, names: readonly (readonly [string, string])[]): Row {
  return Object.fromEntries(
    names.filter(([field]) => Object.hasOwn(one, field)).map(([field, name]) => [name, one[field]]),
  );
}

function meets(one: Row, { field, is, value }: Condition): boolean {
  const held = Object.hasOwn(one, field) ? one[field] : undefined;
  switch (is) {
    case 'equal':
      return held === value;
    case 'not equal':
      return held !== value;
    case 'less':
      return isComparable(held, value) && compare(held, value) < 0;
    case 'greater':
      return isComparable(held, value) && compare(held, value) > 0;
    case 'containing':
      return Array.isArray(held) ? held.includes(value) : String(held).includes(String(value));
  }
}

function isComparable(held: unknown, value: unknown): boolean {
  return typeof held === typeof value && (typeof held === 'number' || typeof held === 'string');
}

function compareRows(a: Row, b: Row, orders: readonly Order[]): number {
  for (const { field, descending } of orders) {
    const result = compare(a[field], b[field]);
    if (result !== 0) return descending ? -result : result;
  }
  return 0;
}

/** Numbers by size, texts by their characters; what is neither comes last, in the order in which it came. */
function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  return rank(a) - rank(b);
}

function rank(value: unknown): number {
  return typeof value === 'number' ? 0 : typeof value === 'string' ? 1 : 2;
}
