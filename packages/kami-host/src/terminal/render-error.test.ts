import { expect, test } from 'vitest';
import { KamiError } from '../errors/kami-error.ts';
import { renderError } from './render-error.ts';

const plain = { color: false, json: false, verbose: false };
const error = new KamiError('KAMI_TOOL_NOT_FOUND', {
  message: 'No tool com.example.eco is installed.',
  fix: 'kami list',
  cause: new Error('row missing'),
  data: { id: 'com.example.eco' },
});

test('says what happened, how to mend it, and the code', () => {
  expect(renderError(error, plain)).toBe(
    'error: No tool com.example.eco is installed.\n  fix: kami list\n  KAMI_TOOL_NOT_FOUND',
  );
});

test('sets further lines under the first and drops empty ones', () => {
  const several = new KamiError('KAMI_MANIFEST_INVALID', {
    message: 'tool.toml has 2 problems:\n\n  one\n  two\n',
    fix: 'first\nsecond',
  });
  expect(renderError(several, plain)).toBe(
    'error: tool.toml has 2 problems:\n  one\n  two\n  fix: first\n       second\n  KAMI_MANIFEST_INVALID',
  );
});

test('--verbose adds the causes, but no stack for an error that was foreseen', () => {
  const text = renderError(error, { ...plain, verbose: true });
  expect(text).toContain('  cause: Error: row missing\n');
  expect(text).not.toMatch(/ at .*:\d+:\d+/);
});

test('--json is one line that a program can read', () => {
  const text = renderError(error, { ...plain, json: true });
  expect(text).not.toContain('\n');
  expect(JSON.parse(text)).toEqual({
    error: {
      code: 'KAMI_TOOL_NOT_FOUND',
      message: 'No tool com.example.eco is installed.',
      fix: 'kami list',
      data: { id: 'com.example.eco' },
    },
  });
});

test('anything else is a defect: a short word, with its stack only on --verbose', () => {
  const text = renderError(new TypeError('x is undefined'), plain);
  expect(text.split('\n')).toHaveLength(3);
  expect(text).toContain('KAMI hit a defect: TypeError: x is undefined');
  expect(text).toContain('--verbose');
  expect(text).toContain('KAMI_INTERNAL');
  const verbose = renderError(new TypeError('x is undefined'), { ...plain, verbose: true });
  expect(verbose).toMatch(/at .*render-error\.test\.ts:\d+/);
  expect(JSON.parse(renderError(new TypeError('x'), { ...plain, json: true }))).toMatchObject({
    error: { code: 'KAMI_INTERNAL' },
  });
});

test.each([undefined, null, 'text', Object.create(null), Symbol('s'), { toString: () => 1 }])(
  'a thrown non-error (%#) is shown, too',
  (thrown) => {
    expect(renderError(thrown, { ...plain, verbose: true })).toContain('KAMI hit a defect: ');
    expect(() => JSON.parse(renderError(thrown, { ...plain, json: true }))).not.toThrow();
  },
);

test('an error can not carry control sequences to the terminal', () => {
  const hostile = new KamiError('KAMI_FILE_NOT_FOUND', {
    message: 'There is no file a\u001b[2Jb\u202e.toml',
    fix: 'ls a\u0007',
    cause: new Error('\u001b]0;x\u0007y\u009b'),
  });
  const text = renderError(hostile, { ...plain, verbose: true });
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
  expect(renderError(new Error('\u001b[31m\u0000'), plain).replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});

test('colours only when asked to', () => {
  expect(renderError(error, { ...plain, color: true })).toContain('\u001b[31m');
  expect(renderError(error, plain)).not.toContain('\u001b');
});
