import { expect, it } from 'vitest';
import { codeFrame, formatDiagnostic } from './diagnostic.ts';

const error = { file: 'src/tool.ts', line: 3, column: 7, message: 'is wrong', severity: 'error' } as const;

it('writes place, severity, message and code', () => {
  expect(formatDiagnostic({ ...error, code: 'TS1' })).toBe('src/tool.ts:3:7: error: is wrong [TS1]');
  expect(formatDiagnostic({ ...error, column: 0, severity: 'warning' })).toBe(
    'src/tool.ts:3: warning: is wrong',
  );
  expect(formatDiagnostic({ ...error, line: 0, column: 0 })).toBe('src/tool.ts: error: is wrong');
  expect(formatDiagnostic({ ...error, frame: '> 3 | x' })).toBe(
    'src/tool.ts:3:7: error: is wrong\n\n> 3 | x\n',
  );
});

it('draws the lines around a place', () => {
  const text = Array.from({ length: 12 }, (_, index) => `line ${index + 1}`).join('\n');
  expect(codeFrame(text, { line: 10, column: 6 })).toBe(
    [
      '   8 | line 8',
      '   9 | line 9',
      '> 10 | line 10',
      '     |      ^',
      '  11 | line 11',
      '  12 | line 12',
    ].join('\n'),
  );
  expect(codeFrame(text, { line: 1, column: 0 })).toBe(
    ['> 1 | line 1', '  2 | line 2', '  3 | line 3'].join('\n'),
  );
  expect(codeFrame('\tx = 1', { line: 1, column: 2 })).toBe('> 1 | \tx = 1\n    | \t^');
});

it('bounds the length of a line, and knows no place outside of the text', () => {
  expect(codeFrame('x'.repeat(10_000), { line: 1, column: 9_000 })?.length).toBeLessThan(200);
  expect(codeFrame('x', { line: 2, column: 1 })).toBeUndefined();
  expect(codeFrame('x', { line: 0, column: 0 })).toBeUndefined();
});
