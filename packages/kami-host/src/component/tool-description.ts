import { isJsonObject, type JsonObject, type JsonSchema } from '../model/json.ts';
import { InvalidOffers, noOffers, type Offers, parseOffers } from '../model/offers.ts';
import type { ToolAnnotations, ToolDescription } from '../model/tool.ts';

/** Bytes of what `describe()` may return. */
export const maxDescribeBytes = 256 * 1024;
const maxDescriptionLength = 4_096;
const maxNameLength = 64;
const anyObject: JsonSchema = Object.freeze({ type: 'object' });

/** What `describe()` returned can't be used; the message says why. */
export class InvalidDescription extends Error {
  override readonly name = 'InvalidDescription';
}

/**
 * Reads what a component says of itself. A component of another tool chain may answer with any text: what is
 * no JSON object becomes its description, and it then takes any object.
 * @throws InvalidDescription
 */
export function parseToolDescription(text: string): ToolDescription {
  const value = parseObject(text);
  const description = value === undefined ? text : optionalText(value, 'description');
  return {
    id: value && optionalText(value, 'id'),
    version: value && optionalText(value, 'version'),
    name: value && optionalText(value, 'name')?.slice(0, maxNameLength),
    description: (description ?? '').slice(0, maxDescriptionLength),
    inputSchema: (value && readInputSchema(value)) ?? anyObject,
    outputSchema: value && optionalObject(value, 'outputSchema'),
    annotations: value === undefined ? {} : readAnnotations(value),
    sdk: value && readSdk(value),
    convention: value?.convention === 'kami:result/1' ? 'kami:result/1' : 'text',
    offers: value === undefined ? noOffers : readOffers(value),
  };
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function optionalText(value: JsonObject, key: string): string | undefined {
  const field = value[key];
  if (field === undefined || field === null) return undefined;
  if (typeof field !== 'string') throw new InvalidDescription(`its ${key} is not a text`);
  return field;
}

function optionalObject(value: JsonObject, key: string): JsonObject | undefined {
  const field = value[key];
  if (field === undefined || field === null) return undefined;
  if (!isJsonObject(field)) throw new InvalidDescription(`its ${key} is not an object`);
  return field;
}

/** MCP takes arguments by name, so a tool's input is an object. */
function readInputSchema(value: JsonObject): JsonSchema | undefined {
  const schema = optionalObject(value, 'inputSchema');
  if (schema !== undefined && schema.type !== 'object') {
    throw new InvalidDescription('its inputSchema does not describe an object (`"type": "object"`)');
  }
  return schema;
}

function readAnnotations(value: JsonObject): ToolAnnotations {
  const given = optionalObject(value, 'annotations') ?? {};
  const hints = ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint'] as const;
  const title = optionalText(given, 'title');
  return {
    ...(title === undefined ? {} : { title }),
    ...Object.fromEntries(
      hints.flatMap((hint) => {
        const claim = given[hint];
        return typeof claim === 'boolean' ? [[hint, claim]] : [];
      }),
    ),
  };
}

function readOffers(value: JsonObject): Offers {
  try {
    return parseOffers(value);
  } catch (error) {
    if (!(error instanceof InvalidOffers)) throw error;
    throw new InvalidDescription(`it ${error.message}`);
  }
}

function readSdk(value: JsonObject): ToolDescription['sdk'] {
  const sdk = optionalObject(value, 'sdk');
  return typeof sdk?.name === 'string' && typeof sdk.version === 'string'
    ? { name: sdk.name, version: sdk.version }
    : undefined;
}
