import type { CallFailure, CallOutcome, ContentBlock, FailureReason } from '../model/call-result.ts';
import { isJsonObject, type Json, type JsonObject } from '../model/json.ts';
import type { ResultConvention } from '../model/tool.ts';

const maxDepth = 128;
const maxBlocks = 1_000;

export function failure(
  reason: FailureReason,
  message: string,
  details: { readonly code?: string | undefined; readonly data?: Json | undefined } = {},
): CallFailure {
  return { status: 'failure', reason, message, code: details.code, data: details.data };
}

/**
 * Reads the text of `run`'s success case. Whatever does not follow the tool's own convention is a failure.
 * @param promisesStructure whether the tool has an output schema
 */
export function readSuccess(
  text: string,
  convention: ResultConvention,
  promisesStructure: boolean,
): CallOutcome {
  if (convention === 'text')
    return { status: 'success', content: [{ type: 'text', text }], structuredContent: undefined };
  const envelope = parseBounded(text);
  if (!isJsonObject(envelope)) return brokenPromise('its result is not a JSON object');
  if (envelope.content === undefined) return plainValue(envelope.value, promisesStructure);
  const content = readContent(envelope.content);
  if (content === undefined) return brokenPromise('its content is not a list of MCP content blocks');
  const { structuredContent } = envelope;
  if (structuredContent !== undefined && !promisesStructure && !isJsonObject(structuredContent)) {
    return brokenPromise('its structuredContent is not an object');
  }
  return { status: 'success', content, structuredContent };
}

/** Reads the text of `run`'s error case. */
export function readFailure(text: string, convention: ResultConvention): CallFailure {
  if (convention === 'text') return failure('tool-error', text);
  const envelope = parseBounded(text);
  if (!isJsonObject(envelope) || typeof envelope.message !== 'string') return failure('tool-error', text);
  const { kind, message, code, data } = envelope;
  const reason = kind === 'invalid-input' || kind === 'invalid-output' ? kind : 'tool-error';
  return failure(reason, message, { code: typeof code === 'string' ? code : undefined, data });
}

function brokenPromise(detail: string): CallOutcome {
  return failure('invalid-output', `The tool returned something that can't be read: ${detail}.`);
}

function plainValue(value: Json | undefined, promisesStructure: boolean): CallOutcome {
  if (value === undefined) return { status: 'success', content: [], structuredContent: undefined };
  return {
    status: 'success',
    content: [{ type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) }],
    structuredContent: promisesStructure || isJsonObject(value) ? value : undefined,
  };
}

/** JSON that is nested within reason: what leaves the worker is copied and printed by recursive code. */
function parseBounded(text: string): Json | undefined {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
  return depthWithin(value, maxDepth) ? value : undefined;
}

function depthWithin(value: Json, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((child: Json) => depthWithin(child, levels - 1));
}

function readContent(value: Json): readonly ContentBlock[] | undefined {
  if (!Array.isArray(value) || value.length > maxBlocks) return undefined;
  return value.every(isContentBlock) ? (value as unknown as readonly ContentBlock[]) : undefined;
}

/** Whether a value has the fields that MCP demands of a content block of its type. */
export function isContentBlock(value: Json): boolean {
  if (!isJsonObject(value)) return false;
  switch (value.type) {
    case 'text':
      return typeof value.text === 'string';
    case 'image':
    case 'audio':
      return isBase64(value.data) && typeof value.mimeType === 'string';
    case 'resource_link':
      return typeof value.uri === 'string' && typeof value.name === 'string';
    case 'resource':
      return isJsonObject(value.resource) && isEmbedded(value.resource);
    default:
      return false;
  }
}

function isEmbedded(resource: JsonObject): boolean {
  return typeof resource.uri === 'string' && (typeof resource.text === 'string' || isBase64(resource.blob));
}

function isBase64(value: Json | undefined): boolean {
  return typeof value === 'string' && value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value);
}
