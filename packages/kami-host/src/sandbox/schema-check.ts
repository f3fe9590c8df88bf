import { Ajv, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Json, JsonSchema } from '../model/json.ts';

/**
 * JSON Schema validation. It runs in the sandbox's worker, not in the process that serves: schemas come from
 * strangers, and a regular expression in one may take for ever. The call's timeout ends that too.
 *
 * Formats are annotations (JSON Schema 2020-12, section 7.2.1); a tool may check them itself.
 */
export interface SchemaCheck {
  /** What does not fit: one line a problem, none when all is well. */
  readonly problems: (value: Json) => readonly string[];
}

/** The document is no JSON Schema that can be used. */
export class InvalidSchema extends Error {
  override readonly name = 'InvalidSchema';
}

/** `fill` writes the schema's defaults into the value that is checked. */
export type Defaults = 'fill' | 'leave';

const maxProblems = 10;
const maxKept = 64;
const kept = new Map<string, SchemaCheck>();

/**
 * @param schemaText the schema as JSON; its validator is kept by this text
 * @throws InvalidSchema when it is not a JSON Schema of draft-07 or 2020-12
 */
export function schemaCheck(schemaText: string, defaults: Defaults): SchemaCheck {
  const key = `${defaults} ${schemaText}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  if (kept.size >= maxKept) kept.clear();
  const check = compileCheck(JSON.parse(schemaText) as JsonSchema, defaults);
  kept.set(key, check);
  return check;
}

function compileCheck(schema: JsonSchema, defaults: Defaults): SchemaCheck {
  const options = {
    strict: false,
    allErrors: true,
    useDefaults: defaults === 'fill',
    validateFormats: false,
    logger: false,
  } as const;
  const isDraft07 = typeof schema.$schema === 'string' && /draft-0[67]/.test(schema.$schema);
  const { $schema: _dialect, $id: _id, ...document } = schema;
  try {
    const validate = (isDraft07 ? new Ajv(options) : new Ajv2020(options)).compile(document);
    return { problems: (value) => problemsOf(validate, value) };
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message.slice(0, 300) : 'it can not be compiled';
    throw new InvalidSchema(`The tool has a schema that is not valid: ${detail}.`, { cause });
  }
}

function problemsOf(validate: ValidateFunction, value: Json): readonly string[] {
  if (validate(value)) return [];
  const errors = validate.errors ?? [];
  const lines = errors.slice(0, maxProblems).map(({ instancePath, message, keyword, params }) => {
    const where = instancePath === '' ? '' : `${instancePath.slice(1).replaceAll('/', '.')}: `;
    return `${where}${message ?? keyword}${detailOf(keyword, params)}`;
  });
  return errors.length > maxProblems
    ? [...lines, `${errors.length - maxProblems} more`]
    : [...new Set(lines)];
}

function detailOf(keyword: string, params: Readonly<Record<string, unknown>>): string {
  switch (keyword) {
    case 'additionalProperties':
      return `: "${String(params.additionalProperty)}"`;
    case 'enum':
      return `: ${JSON.stringify(params.allowedValues)}`;
    case 'const':
      return `: ${JSON.stringify(params.allowedValue)}`;
    default:
      return '';
  }
}
