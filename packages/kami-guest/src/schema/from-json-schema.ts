type Simplify<T> = { [K in keyof T]: T[K] } & {};
type Names<R> = R extends readonly (infer Name extends string)[] ? Name : never;

/**
 * The TypeScript type of what a JSON Schema document (written as a literal) describes. Keywords beyond
 * type, properties, required, additionalProperties, items, enum, const, anyOf and oneOf give `unknown`.
 */
export type FromJsonSchema<S> = S extends { readonly const: infer Value }
  ? Value
  : S extends { readonly enum: readonly (infer Value)[] }
    ? Value
    : S extends { readonly anyOf: readonly (infer Branch)[] }
      ? FromBranch<Branch>
      : S extends { readonly oneOf: readonly (infer Branch)[] }
        ? FromBranch<Branch>
        : S extends { readonly type: infer Type }
          ? FromType<S, Type extends readonly (infer One)[] ? One : Type>
          : unknown;

type FromBranch<Branch> = Branch extends unknown ? FromJsonSchema<Branch> : never;

type FromType<S, Type> = Type extends 'string'
  ? string
  : Type extends 'number' | 'integer'
    ? number
    : Type extends 'boolean'
      ? boolean
      : Type extends 'null'
        ? null
        : Type extends 'array'
          ? S extends { readonly items: infer Item }
            ? FromJsonSchema<Item>[]
            : unknown[]
          : Type extends 'object'
            ? FromObject<S>
            : unknown;

type FromObject<S> = S extends { readonly properties: infer P }
  ? Simplify<
      { -readonly [K in keyof P & Required<S>]: FromJsonSchema<P[K]> } & {
        -readonly [K in Exclude<keyof P, Required<S>>]?: FromJsonSchema<P[K]>;
      } & { -readonly [K in Exclude<Required<S>, keyof P>]: unknown } & (S extends {
          readonly additionalProperties: true | object;
        }
          ? { [key: string]: unknown }
          : unknown)
    >
  : S extends { readonly additionalProperties: false }
    ? Record<string, never>
    : S extends { readonly additionalProperties: infer Rest extends object }
      ? Record<string, FromJsonSchema<Rest>>
      : Record<string, unknown>;

type Required<S> = S extends { readonly required: infer R } ? Names<R> : never;
