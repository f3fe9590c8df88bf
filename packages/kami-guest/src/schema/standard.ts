import type { PathStep } from '../json.ts';

/**
 * The parts of Standard Schema v1 and Standard JSON Schema v1 that a tool uses, declared again so that the
 * package depends on neither code nor types of anyone. Any library that follows the specification
 * (https://standardschema.dev) fits by its shape.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
    readonly jsonSchema?: JsonSchemaConverter | undefined;
  };
}

type TypesOf<S extends StandardSchema<unknown, unknown>> = NonNullable<S['~standard']['types']>;

export interface JsonSchemaConverter {
  readonly input: (options: { readonly target: 'draft-2020-12' }) => Record<string, unknown>;
  readonly output: (options: { readonly target: 'draft-2020-12' }) => Record<string, unknown>;
}

export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly PathStep[] | undefined;
}

export function isStandardSchema(value: unknown): value is StandardSchema {
  // By its property, not its type: arktype's schemas are functions.
  return typeof (value as Partial<StandardSchema> | null | undefined)?.['~standard'] === 'object';
}

/**
 * Gives a schema the JSON Schema that its library keeps in a function of its own.
 *
 * @param convert gets the schema and which side is wanted: `input` before defaults and transforms, `output` after
 * @example
 * import * as z from 'zod/mini';
 * const input = withJsonSchema(z.object({ city: z.string() }), z.toJSONSchema);
 */
export function withJsonSchema<S extends StandardSchema<unknown, unknown>>(
  schema: S,
  convert: (
    schema: S,
    options: { readonly io: 'input' | 'output'; readonly target: 'draft-2020-12' },
  ) => object,
): StandardSchema<TypesOf<S>['input'], TypesOf<S>['output']> {
  const convertSide = (io: 'input' | 'output') => () =>
    ({ ...convert(schema, { io, target: 'draft-2020-12' }) }) as Record<string, unknown>;
  const { vendor, validate } = schema['~standard'];
  return {
    '~standard': {
      version: 1,
      vendor,
      validate: validate as (value: unknown) => StandardResult<TypesOf<S>['output']>,
      jsonSchema: { input: convertSide('input'), output: convertSide('output') },
    },
  };
}
