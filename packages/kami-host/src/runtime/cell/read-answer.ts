import type { CallOutcome, ContentBlock, FailureReason } from '../../model/call-result.ts';
import type { Refusal } from '../../model/capability.ts';
import { isJsonObject, type Json } from '../../model/json.ts';
import { defaultLimits, limitBounds } from '../../model/limits.ts';
import { instanceOrigins, type Spent, type WorkerAnswer } from '../../sandbox/protocol.ts';
import { failure, isContentBlock } from '../../sandbox/result-text.ts';

/**
 * What an answer may hold: characters of texts and keys, and 1 for each value. A result may be there as text and as
 * a value, and numbers are written longer than a tool wrote them. What was sent small could be large all the same:
 * one object may stand in many places of another.
 */
const maxWeight = 8 * defaultLimits.maxOutputBytes;
/** Values inside one another; results are held to less where they are made. */
const maxDepth = 256;
const maxRefusals = 1_000;
/** Twice the longest time limit. */
const longestMs = 2 * limitBounds.timeoutMs;

const reasons: Readonly<Record<FailureReason, true>> = {
  'invalid-input': true,
  'tool-error': true,
  'invalid-output': true,
  'output-too-large': true,
  'invalid-schema': true,
  timeout: true,
  'out-of-memory': true,
  'out-of-fuel': true,
  'stack-overflow': true,
  trap: true,
  exit: true,
  crash: true,
  'rate-limited': true,
  'input-required': true,
};

const capabilities: Readonly<Record<Refusal['capability'], true>> = {
  network: true,
  'file-system': true,
  environment: true,
  sockets: true,
  process: true,
  client: true,
};

/** Reads an answer that was sent by a process that runs guests; undefined when it is not of the declared shape. */
export function readAnswer(value: unknown): WorkerAnswer | undefined {
  if (!isJsonObject(value)) return undefined;
  const { memoryPeakBytes, fuel, readClock } = value as Readonly<Record<string, unknown>>;
  if (!isCount(memoryPeakBytes) || !isCount(fuel) || typeof readClock !== 'boolean') return undefined;
  const outcome = readOutcome(value.outcome);
  const refusals = readRefusals(value.refusals);
  const spent = readSpent(value.spent);
  if (outcome === undefined || refusals === undefined || spent === 'malformed') return undefined;
  return { outcome, memoryPeakBytes, fuel, readClock, refusals, spent };
}

/** Whether it is a whole number from 0. */
export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function readOutcome(value: unknown): CallOutcome | undefined {
  if (!isJsonObject(value)) return undefined;
  const { status, content, structuredContent, reason, message, code, data } = value as Readonly<
    Record<string, unknown>
  >;
  if (!isJson([content ?? null, structuredContent ?? null, code ?? null, data ?? null])) return undefined;
  if (status === 'success') {
    if (!Array.isArray(content) || !content.every(isContentBlock)) return undefined;
    return {
      status,
      content: content as readonly ContentBlock[],
      structuredContent: structuredContent as Json | undefined,
    };
  }
  if (status !== 'failure' || !isOneOf(reasons, reason) || typeof message !== 'string') return undefined;
  if (code !== undefined && typeof code !== 'string') return undefined;
  return failure(reason, message, { code, data: data as Json | undefined });
}

function readSpent(value: unknown): Spent | undefined | 'malformed' {
  if (value === undefined) return undefined;
  if (!isJsonObject(value)) return 'malformed';
  const { loadMs, prepareMs, runMs, instance } = value;
  const origin = instanceOrigins.find((known) => known === instance);
  if (!isDuration(loadMs) || !isDuration(prepareMs) || !isDuration(runMs) || origin === undefined)
    return 'malformed';
  return { loadMs, prepareMs, runMs, instance: origin };
}

function isDuration(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= longestMs;
}

function readRefusals(value: unknown): readonly Refusal[] | undefined {
  if (!Array.isArray(value) || value.length > maxRefusals) return undefined;
  const refusals: Refusal[] = [];
  for (const refusal of value as readonly unknown[]) {
    if (!isJsonObject(refusal)) return undefined;
    const { capability, subject, count } = refusal;
    if (!isOneOf(capabilities, capability) || typeof subject !== 'string' || !isCount(count))
      return undefined;
    refusals.push({ capability, subject, count });
  }
  return refusals;
}

function isOneOf<K extends string>(known: Readonly<Record<K, true>>, value: unknown): value is K {
  return typeof value === 'string' && Object.hasOwn(known, value);
}

/** Whether it is JSON through and through, and of a size that it could have been made in. */
function isJson(value: unknown): boolean {
  let left = maxWeight;
  const check = (one: unknown, depth: number): boolean => {
    left -= typeof one === 'string' ? 1 + one.length : 1;
    if (left < 0 || depth > maxDepth) return false;
    if (one === null || ['string', 'number', 'boolean'].includes(typeof one)) return true;
    if (Array.isArray(one)) {
      // Not `every`, which leaves out what is not there.
      for (const item of one) if (!check(item, depth + 1)) return false;
      return true;
    }
    if (typeof one !== 'object' || Object.getPrototypeOf(one) !== Object.prototype) return false;
    return Object.entries(one).every(([key, item]) => {
      left -= key.length;
      return check(item, depth + 1);
    });
  };
  return check(value, 0);
}
