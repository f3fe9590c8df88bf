import { existsSync, readFileSync } from 'node:fs';

/**
 * @typedef {object} Result
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {string[]} problems one line for each failure
 */

/**
 * Reads what vitest's json reporter left. A report that is missing, unreadable or empty is a failure: a test
 * run that never took place must not look like one that passed.
 *
 * @param {string} name of the package
 * @param {string} file
 * @returns {Result}
 */
export function readResult(name, file) {
  const failure = (/** @type {string} */ why) => ({
    passed: 0,
    failed: 1,
    skipped: 0,
    problems: [`${name}: ${why}`],
  });
  if (!existsSync(file)) return failure('ran no tests, or ended before it could report');
  /** @type {any} */
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return failure('left a report that is not JSON');
  }
  if (report.testResults.length === 0) return failure('has a test script and no test');
  /** @type {Result} */
  const result = { passed: 0, failed: 0, skipped: 0, problems: [] };
  for (const suite of report.testResults) {
    const before = result.failed;
    for (const test of suite.assertionResults) {
      if (test.status === 'passed') result.passed++;
      else if (test.status === 'failed') {
        result.failed++;
        result.problems.push(`${name}: ${test.fullName}`);
      } else result.skipped++;
    }
    if (suite.status === 'failed' && result.failed === before) {
      result.failed++;
      result.problems.push(`${name}: ${suite.name} did not load`);
    }
  }
  if (result.failed === 0 && report.success === false) {
    result.failed++;
    result.problems.push(`${name}: the test run failed outside of its tests`);
  }
  return result;
}

/**
 * @param {readonly Result[]} results
 * @returns {Result}
 */
export function sumResults(results) {
  const sum = (/** @type {'passed' | 'failed' | 'skipped'} */ key) =>
    results.reduce((total, one) => total + one[key], 0);
  return {
    passed: sum('passed'),
    failed: sum('failed'),
    skipped: sum('skipped'),
    problems: results.flatMap((one) => one.problems),
  };
}

/**
 * `3 passed, 0 failed`, with `, 1 skipped` when there is something to say.
 *
 * @param {Result} result
 */
export function countsLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}
