import { deserialize, serialize } from 'node:v8';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { WorkerAnswer } from '../../sandbox/protocol.ts';
import { failure } from '../../sandbox/result-text.ts';
import { type CellMessage, parseCellMessage } from './protocol.ts';

/** What arrives in the control process when a cell sends this. */
const sent = (value: unknown): unknown => deserialize(serialize(value));

const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
  withNullPrototype: false,
  withObjectString: true,
  maxDepth: 3,
});

const json = fc.jsonValue({ maxDepth: 3 });
const content = fc.array(
  fc.oneof(
    fc.record({ type: fc.constant('text'), text: fc.string() }),
    fc.record({ type: fc.constantFrom('image', 'audio'), data: fc.base64String(), mimeType: fc.string() }),
    fc.record({
      type: fc.constant('resource_link'),
      uri: fc.string(),
      name: fc.string(),
      _meta: fc.dictionary(fc.string(), json, { noNullPrototype: true }),
    }),
    fc.record({
      type: fc.constant('resource'),
      resource: fc.record({ uri: fc.string(), text: fc.string() }),
    }),
  ),
  { maxLength: 2 },
);
const outcome = fc.oneof(
  fc.record({
    status: fc.constant('success'),
    content,
    structuredContent: fc.option(json, { nil: undefined }),
  }),
  fc.record({
    status: fc.constant('failure'),
    reason: fc.constantFrom('tool-error', 'timeout', 'out-of-fuel', 'exit', 'invalid-schema'),
    message: fc.string(),
    code: fc.option(fc.string(), { nil: undefined }),
    data: fc.option(json, { nil: undefined }),
  }),
);
const refusal = fc.record({
  capability: fc.constantFrom('network', 'file-system', 'environment', 'sockets', 'process'),
  subject: fc.string(),
  count: fc.integer({ min: 1, max: 1_000 }),
});
const callId = fc.nat();
const sha256 = fc.stringMatching(/^[0-9a-f]{64}$/);
const globalValue = fc.oneof(fc.integer(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
const snapshot = fc.record({ module: fc.string(), compressed: fc.uint8Array(), size: fc.nat() });
const start = fc.oneof(
  fc.constant('delivered'),
  fc.record({
    globals: fc.array(globalValue, { maxLength: 3 }),
    snapshots: fc.array(snapshot, { maxLength: 3 }),
  }),
);
const messages: readonly fc.Arbitrary<Record<string, unknown>>[] = [
  fc.constant({ kind: 'ready' }),
  fc.record({ kind: fc.constant('damaged'), callId }),
  fc.record({ kind: fc.constant('start'), key: sha256, start }),
  fc.record({
    kind: fc.constant('log'),
    callId,
    line: fc.record({
      level: fc.constantFrom('trace', 'debug', 'info', 'warn', 'error'),
      message: fc.string(),
    }),
  }),
  fc.record({
    kind: fc.constant('ask'),
    callId,
    request: fc.record({
      id: fc.nat(),
      service: fc.constantFrom('files', 'egress', 'turn'),
      method: fc.string(),
      args: anything.filter(canBeSent),
    }),
  }),
  fc.record({
    kind: fc.constant('answer'),
    callId,
    answer: fc.record({
      outcome,
      memoryPeakBytes: fc.nat(),
      fuel: fc.maxSafeInteger().map(Math.abs),
      readClock: fc.boolean(),
      refusals: fc.array(refusal, { maxLength: 2 }),
    }),
  }),
];
const message = fc.oneof(...messages);

function canBeSent(value: unknown): boolean {
  try {
    serialize(value);
    return true;
  } catch {
    return false;
  }
}

/** A place in a value: which of its keys, and so on inwards. */
const place = fc.array(fc.nat(), { maxLength: 5 });
const values = fc.oneof(
  anything.filter(canBeSent),
  fc.constantFrom<unknown>(
    'silent',
    'constructor',
    '__proto__',
    -1,
    0.5,
    Number.NaN,
    1n,
    new Map(),
    [undefined],
    {},
    undefined,
  ),
);

/** The value with something else in one place, or with something more. */
function changed(value: unknown, [step, ...rest]: readonly number[], put: unknown): unknown {
  if (step === undefined || typeof value !== 'object' || value === null) return put;
  const keys = [...Object.keys(value), 'more'];
  const key = keys[step % keys.length] ?? 'more';
  const inner = (value as Record<string, unknown>)[key];
  if (Array.isArray(value))
    return value.map((one, at) => (String(at) === key ? changed(one, rest, put) : one));
  return { ...value, [key]: changed(inner, rest, put) };
}

const levels = ['trace', 'debug', 'info', 'warn', 'error'];
const isCount = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0;

/** JSON through and through: what it is written as is read as the same. */
function expectJson(value: unknown): void {
  if (value === undefined) return;
  expect(JSON.parse(JSON.stringify(value))).toStrictEqual(JSON.parse(JSON.stringify(structuredClone(value))));
  const check = (one: unknown): void => {
    if (one === null || ['string', 'number', 'boolean'].includes(typeof one)) return;
    expect([Object.prototype, Array.prototype]).toContain(Object.getPrototypeOf(one));
    Array.from(Object.values(one as object)).forEach(check);
    if (Array.isArray(one)) expect(Object.keys(one).length).toBeGreaterThanOrEqual(one.length);
  };
  check(value);
}

function expectAnswer({ outcome, memoryPeakBytes, fuel, readClock, refusals, ...rest }: WorkerAnswer): void {
  expect(rest).toEqual({});
  expect(isCount(memoryPeakBytes) && isCount(fuel) && typeof readClock === 'boolean').toBe(true);
  for (const { capability, subject, count } of refusals) {
    expect(['network', 'file-system', 'environment', 'sockets', 'process']).toContain(capability);
    expect(typeof subject === 'string' && isCount(count)).toBe(true);
  }
  if (outcome.status === 'success') {
    expect(Object.keys(outcome).toSorted()).toEqual(['content', 'status', 'structuredContent']);
    for (const { type } of outcome.content) {
      expect(['text', 'image', 'audio', 'resource_link', 'resource']).toContain(type);
    }
    expectJson(outcome.content);
    expectJson(outcome.structuredContent);
  } else {
    expect(Object.keys(outcome).toSorted()).toEqual(['code', 'data', 'message', 'reason', 'status']);
    expect(typeof outcome.message).toBe('string');
    expect(outcome.reason).toMatch(/^[a-z-]+$/);
    expect(['string', 'undefined']).toContain(typeof outcome.code);
    expectJson(outcome.data);
  }
}

function expectMessage(read: CellMessage): void {
  expect('callId' in read ? isCount(read.callId) : ['ready', 'start'].includes(read.kind)).toBe(true);
  switch (read.kind) {
    case 'ready':
      expect(read).toEqual({ kind: 'ready' });
      break;
    case 'log':
      expect(Object.keys(read.line).toSorted()).toEqual(['level', 'message']);
      expect(levels).toContain(read.line.level);
      expect(typeof read.line.message).toBe('string');
      break;
    case 'start':
      expect(read.key).toMatch(/^[0-9a-f]{64}$/);
      if (read.start === 'delivered') break;
      for (const value of read.start.globals) expect(['number', 'bigint']).toContain(typeof value);
      for (const { module, compressed, size, ...rest } of read.start.snapshots) {
        expect(rest).toEqual({});
        expect(typeof module).toBe('string');
        expect(compressed).toBeInstanceOf(Uint8Array);
        expect(isCount(size)).toBe(true);
      }
      break;
    case 'ask':
      expect(Object.keys(read.request).toSorted()).toEqual(['args', 'id', 'method', 'service']);
      expect(isCount(read.request.id)).toBe(true);
      expect(['files', 'egress', 'turn']).toContain(read.request.service);
      expect(typeof read.request.method).toBe('string');
      break;
    case 'answer':
      expectAnswer(read.answer);
      break;
    case 'damaged':
      expect(read).toEqual({ kind: 'damaged', callId: read.callId });
  }
}

test('what an honest cell sends is read as it was sent', () => {
  fc.assert(
    fc.property(message, (value) => {
      const arrived = sent(value);
      expect(parseCellMessage(arrived)).toEqual(arrived);
    }),
    { numRuns: 500 },
  );
});

test('whatever is sent is dropped, or read as a message of the declared shape', () => {
  fc.assert(
    fc.property(anything.filter(canBeSent), (value) => {
      const read = parseCellMessage(sent(value));
      if (read !== undefined) expectMessage(read);
    }),
  );
});

test('so is a message with something else in some places', () => {
  let dropped = 0;
  const changes = fc.array(fc.tuple(place, values), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(message, changes, (whole, list) => {
      const read = parseCellMessage(
        sent(list.reduce((value, [at, put]) => changed(value, at, put), whole as unknown)),
      );
      if (read === undefined) dropped += 1;
      else expectMessage(read);
    }),
    { numRuns: 3_000 },
  );
  expect(dropped).toBeGreaterThan(300);
});

const answerWith = (structuredContent: unknown) => ({
  kind: 'answer',
  callId: 1,
  answer: {
    outcome: { status: 'success', content: [], structuredContent },
    memoryPeakBytes: 0,
    fuel: 0,
    readClock: false,
    refusals: [],
  },
});

test('an answer that can be sent and not be printed is dropped', () => {
  const circle: unknown[] = [];
  circle.push(circle);
  let deep: unknown = 1;
  for (let level = 0; level < 2_000; level += 1) deep = [deep];
  let doubled: unknown = ['0123456789'];
  for (let level = 0; level < 60; level += 1) doubled = [doubled, doubled];
  for (const value of [
    circle,
    deep,
    doubled,
    1n,
    new Array(1),
    new Date(0),
    new Map(),
    new Uint8Array(1),
    { a: undefined },
  ]) {
    expect(parseCellMessage(sent(answerWith(value)))).toBeUndefined();
  }
  expect(parseCellMessage(sent(answerWith({ a: [1, 'x', null, { __proto__: null }] })))).toBeDefined();
});

test('a failure of every kind is read', () => {
  const answer = {
    ...answerWith(undefined).answer,
    outcome: failure('rate-limited', 'x', { code: 'c', data: [1] }),
  };
  expect(parseCellMessage(sent({ kind: 'answer', callId: 1, answer }))).toEqual({
    kind: 'answer',
    callId: 1,
    answer,
  });
  const unknown = { ...answer, outcome: { ...answer.outcome, reason: 'toString' } };
  expect(parseCellMessage(sent({ kind: 'answer', callId: 1, answer: unknown }))).toBeUndefined();
});
