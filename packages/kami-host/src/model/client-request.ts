import { isJsonObject, type Json, type JsonObject } from './json.ts';

/** Whom a tool asks through its client: the person, the client's model, or the client itself for its folders. */
export type AskTarget = (typeof askTargets)[number];
export const askTargets = ['user', 'model', 'roots'] as const;

/** What a tool asks its client for, as MCP has it. */
export interface ClientRequest {
  readonly method: keyof typeof targets;
  readonly params: JsonObject;
  /** What the tool calls it; a client gives its answer under this name. */
  readonly key?: string;
}

/** A request that has no answer yet. The key is the same when the tool is run again and asks the same. */
export interface OpenRequest extends ClientRequest {
  readonly key: string;
}

/** How far a call is. */
export interface Progress {
  readonly done: number;
  readonly total: number | undefined;
  readonly message: string | undefined;
}

const targets = {
  'elicitation/create': 'user',
  'sampling/createMessage': 'model',
  'roots/list': 'roots',
} as const satisfies Readonly<Record<string, AskTarget>>;

/** Characters of all requests together. */
const maxText = 64 * 1024;
const maxRequests = 16;
const maxMessage = 4_000;
const maxFields = 32;
const maxMessages = 100;
const maxTokens = 1_000_000;
/**
 * Begins with a letter and has no space: it is none of those that KAMI makes for requests without one, and none of its own
 * questions for a permission.
 */
const keyPattern = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** A request is not one that MCP knows, or out of measure; the message is for the tool's author. */
export class InvalidClientRequest extends Error {
  override readonly name = 'InvalidClientRequest';
}

export function targetOf({ method }: Pick<ClientRequest, 'method'>): AskTarget {
  return targets[method];
}

/**
 * Reads what a tool asks its client, as JSON: nothing but what is known of these requests is passed on.
 * @throws InvalidClientRequest
 */
export function parseClientRequests(text: string): readonly ClientRequest[] {
  if (text.length > maxText) throw new InvalidClientRequest(`it asks for more than ${maxText} characters`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InvalidClientRequest('it is not JSON');
  }
  if (!Array.isArray(value) || value.length === 0 || value.length > maxRequests) {
    throw new InvalidClientRequest(`it is not a list of 1 to ${maxRequests} requests`);
  }
  return value.map((one) => ({ ...parseRequest(one), ...parseKey(one) }));
}

function parseKey(value: unknown): Pick<ClientRequest, 'key'> {
  const { key } = isJsonObject(value) ? value : {};
  if (key === undefined) return {};
  if (typeof key === 'string' && keyPattern.test(key)) return { key };
  throw new InvalidClientRequest('a key is a letter, then at most 63 letters, digits, "_" and "-"');
}

function parseRequest(value: unknown): ClientRequest {
  const { method, params = {} } = isJsonObject(value) ? value : {};
  if (!isJsonObject(params)) throw new InvalidClientRequest('its params are no object');
  switch (method) {
    case 'elicitation/create':
      return { method, params: readElicitation(params) };
    case 'sampling/createMessage':
      return { method, params: readSampling(params) };
    case 'roots/list':
      return { method, params: {} };
    default:
      throw new InvalidClientRequest(`clients are not asked for ${JSON.stringify(method ?? null)}`);
  }
}

const fieldKeys = [
  ...['type', 'title', 'description', 'default', 'enum', 'enumNames', 'oneOf', 'anyOf', 'format', 'items'],
  ...['minLength', 'maxLength', 'minimum', 'maximum', 'minItems', 'maxItems'],
];
const fieldTypes = ['string', 'number', 'integer', 'boolean', 'array'];

/** A form of flat fields: MCP allows clients no more than that. */
function readElicitation({ message, requestedSchema }: JsonObject): JsonObject {
  if (typeof message !== 'string' || message.trim() === '' || message.length > maxMessage) {
    throw new InvalidClientRequest(`an elicitation needs a message of at most ${maxMessage} characters`);
  }
  const { properties = {}, required = [] } = isJsonObject(requestedSchema) ? requestedSchema : {};
  if (!isJsonObject(properties) || Object.keys(properties).length > maxFields) {
    throw new InvalidClientRequest(`an elicitation needs a schema of at most ${maxFields} properties`);
  }
  if (!Array.isArray(required) || !required.every((name) => typeof name === 'string')) {
    throw new InvalidClientRequest('required is no list of names');
  }
  const fields = Object.entries(properties).map(([name, field]) => [name, readField(name, field)]);
  return {
    mode: 'form',
    message,
    requestedSchema: { type: 'object', properties: Object.fromEntries(fields) as JsonObject, required },
  };
}

function readField(name: string, field: Json): JsonObject {
  if (!isJsonObject(field) || !fieldTypes.includes(String(field.type))) {
    throw new InvalidClientRequest(`the property "${name}" is no text, number, boolean or list of choices`);
  }
  if (field.type === 'array' && !isJsonObject(field.items)) {
    throw new InvalidClientRequest(
      `the property "${name}" is a list of anything; MCP knows lists of choices`,
    );
  }
  return Object.fromEntries(Object.entries(field).filter(([key]) => fieldKeys.includes(key)));
}

function readSampling(params: JsonObject): JsonObject {
  const { messages, maxTokens: tokens, systemPrompt, temperature, stopSequences } = params;
  if (!Array.isArray(messages) || messages.length === 0 || messages.length > maxMessages) {
    throw new InvalidClientRequest(`a sampling needs 1 to ${maxMessages} messages`);
  }
  if (typeof tokens !== 'number' || !Number.isInteger(tokens) || tokens < 1 || tokens > maxTokens) {
    throw new InvalidClientRequest(`maxTokens must be a whole number from 1 to ${maxTokens}`);
  }
  return {
    messages: messages.map(readMessage),
    maxTokens: tokens,
    ...(typeof systemPrompt === 'string' ? { systemPrompt } : {}),
    ...(typeof temperature === 'number' ? { temperature } : {}),
    ...(Array.isArray(stopSequences) && stopSequences.every((text) => typeof text === 'string')
      ? { stopSequences }
      : {}),
  };
}

function readMessage(value: Json): JsonObject {
  const { role, content } = isJsonObject(value) ? value : {};
  if ((role !== 'user' && role !== 'assistant') || !isJsonObject(content)) {
    throw new InvalidClientRequest('a message needs a role and content');
  }
  const { type, text, data, mimeType } = content;
  if (type === 'text' && typeof text === 'string') return { role, content: { type, text } };
  const isMedia = type === 'image' || type === 'audio';
  if (isMedia && typeof data === 'string' && typeof mimeType === 'string') {
    return { role, content: { type, data, mimeType } };
  }
  throw new InvalidClientRequest('the content of a message is a text, an image or a sound');
}

/** Whether a client's answer is one to this request: what a person filled in fits the form. */
export function answers({ method, params }: ClientRequest, answer: Json): boolean {
  if (!isJsonObject(answer)) return false;
  switch (method) {
    case 'elicitation/create':
      if (answer.action === 'decline' || answer.action === 'cancel') return true;
      return answer.action === 'accept' && fitsForm(params.requestedSchema, answer.content);
    case 'sampling/createMessage':
      return isJsonObject(answer.content) && typeof answer.model === 'string';
    case 'roots/list':
      return (
        Array.isArray(answer.roots) &&
        answer.roots.every((root: Json) => isJsonObject(root) && typeof root.uri === 'string')
      );
  }
}

function fitsForm(schema: Json | undefined, content: Json | undefined): boolean {
  if (!isJsonObject(schema) || !isJsonObject(content)) return false;
  const properties = schema.properties as Readonly<Record<string, JsonObject>>;
  const required = schema.required as readonly string[];
  return (
    required.every((name) => Object.hasOwn(content, name)) &&
    Object.entries(content).every(([name, value]) => {
      const field = Object.hasOwn(properties, name) ? properties[name] : undefined;
      return field !== undefined && fitsField(field, value);
    })
  );
}

function fitsField(field: JsonObject, value: Json): boolean {
  const { type, minLength, maxLength, minimum, maximum, minItems, maxItems, items } = field;
  const within = (size: number, least: Json | undefined, most: Json | undefined) =>
    !(typeof least === 'number' && size < least) && !(typeof most === 'number' && size > most);
  switch (type) {
    case 'string':
      return (
        typeof value === 'string' && within([...value].length, minLength, maxLength) && isChoice(field, value)
      );
    case 'number':
    case 'integer':
      return (
        typeof value === 'number' &&
        (type === 'number' || Number.isInteger(value)) &&
        within(value, minimum, maximum)
      );
    case 'boolean':
      return typeof value === 'boolean';
    default:
      return (
        Array.isArray(value) &&
        within(value.length, minItems, maxItems) &&
        value.every((item: Json) => typeof item === 'string' && isChoice(items as JsonObject, item))
      );
  }
}

function isChoice({ enum: plain, oneOf, anyOf }: JsonObject, value: string): boolean {
  if (Array.isArray(plain)) return plain.includes(value);
  const titled = oneOf ?? anyOf;
  if (!Array.isArray(titled)) return true;
  return titled.some((choice: Json) => isJsonObject(choice) && choice.const === value);
}
