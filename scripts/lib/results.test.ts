import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { countsLine, readResult, sumResults } from './results.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'kami-results-'));
afterAll(() => rmSync(folder, { recursive: true }));

function read(report: unknown) {
  const file = path.join(folder, 'vitest.json');
  writeFileSync(file, typeof report === 'string' ? report : JSON.stringify(report));
  return readResult('pkg', file);
}
const suite = (status: string, ...tests: string[]) => ({
  name: 'a.test.ts',
  status,
  assertionResults: tests.map((status, index) => ({ status, fullName: `test ${index}` })),
});

test('passed, failed and skipped tests are counted, and the failed ones named', () => {
  const result = read({
    success: false,
    testResults: [suite('failed', 'passed', 'failed', 'pending', 'todo')],
  });
  expect(result).toEqual({ passed: 1, failed: 1, skipped: 2, problems: ['pkg: test 1'] });
});

test('a test file that does not load is a failure', () => {
  const result = read({ success: false, testResults: [suite('passed', 'passed'), suite('failed')] });
  expect(result).toMatchObject({ passed: 1, failed: 1, problems: ['pkg: a.test.ts did not load'] });
});

test.each([
  ['without a report', () => readResult('pkg', path.join(folder, 'nothing.json'))],
  ['with half a report', () => read('{"testResults": [')],
  ['without a test', () => read({ success: false, testResults: [] })],
  [
    'that fails outside of its tests',
    () => read({ success: false, testResults: [suite('passed', 'passed')] }),
  ],
])('a run %s is a failure', (_what, act) => {
  expect(act().failed).toBe(1);
});

test('the last line speaks of skipped tests only when there are any', () => {
  const one = { passed: 3, failed: 0, skipped: 0, problems: [] };
  expect(countsLine(sumResults([one, one]))).toBe('6 passed, 0 failed');
  expect(countsLine(sumResults([one, { ...one, failed: 1, skipped: 2 }]))).toBe(
    '6 passed, 1 failed, 2 skipped',
  );
});
