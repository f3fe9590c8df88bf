import { expect, test } from 'vitest';
import { createReporter, type ReporterOptions } from './reporter.ts';

function report(options: { isTTY: boolean; silent?: boolean; color?: boolean }): string {
  let written = '';
  const stream: ReporterOptions['stream'] = { isTTY: options.isTTY, write: (text) => (written += text) };
  const reporter = createReporter({ stream, silent: options.silent ?? false, color: options.color ?? false });
  reporter.step('Bundle').done('12 kB');
  reporter.step('Com\u001b[2Jponent').failed('no\u0007');
  reporter.note('See the line above');
  return written;
}

test('without a terminal, start and end are plain lines', () => {
  expect(report({ isTTY: false })).toBe(
    '… Bundle\n✓ Bundle 12 kB\n… Component\n✗ Component no<U+0007>\n- See the line above\n',
  );
});

test('on a terminal the end of a step takes the place of its spinner', () => {
  expect(report({ isTTY: true })).toBe(
    '\r\u001b[2K| Bundle\r\u001b[2K✓ Bundle 12 kB\n\r\u001b[2K| Component\r\u001b[2K✗ Component no<U+0007>\n- See the line above\n',
  );
});

test('says nothing when silent', () => {
  expect(report({ isTTY: true, silent: true })).toBe('');
});

test('colours only when asked to', () => {
  expect(report({ isTTY: false, color: true })).toContain('\u001b[32m✓');
});
