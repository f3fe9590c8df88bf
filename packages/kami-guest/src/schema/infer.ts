import type { FromJsonSchema } from './from-json-schema.ts';
import type { StandardSchema } from './standard.ts';

/** What `input` and `output` of a tool may be: a Standard Schema, or a JSON Schema document. */
export type Schema = StandardSchema<unknown, unknown> | Readonly<Record<string, unknown>>;

type Types<S> = S extends { readonly '~standard': { readonly types?: infer T } } ? NonNullable<T> : never;

/** What a schema takes: before defaults and transforms. */
export type InferInput<S> = S extends { readonly '~standard': unknown }
  ? Types<S> extends { readonly input: infer Input }
    ? Input
    : unknown
  : FromJsonSchema<S>;

/** What a schema gives: after defaults and transforms. */
export type InferOutput<S> = S extends { readonly '~standard': unknown }
  ? Types<S> extends { readonly output: infer Output }
    ? Output
    : unknown
  : FromJsonSchema<S>;
