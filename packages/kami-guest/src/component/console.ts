import type { LogLevel } from '../log.ts';
import { formatMessage } from '../log.ts';

type Console = Record<string, (...values: unknown[]) => void>;

/** A console whose every method writes to one log. */
export function createConsole(write: (level: LogLevel, line: string) => void): Console {
  const counts = new Map<unknown, number>();
  const starts = new Map<unknown, number>();
  const to =
    (level: LogLevel) =>
    (...values: unknown[]): void =>
      write(level, formatMessage(values));
  const info = to('info');
  const error = to('error');
  const first = (value: unknown): void => info(value);
  const elapsed = (label: unknown = 'default', ...values: unknown[]): void =>
    info(`${label}: ${performance.now() - (starts.get(label) ?? 0)} ms`, ...values);
  const nothing = (): void => {};
  return {
    trace: to('trace'),
    debug: to('debug'),
    info,
    log: info,
    dir: first,
    dirxml: info,
    table: first,
    group: info,
    groupCollapsed: info,
    groupEnd: nothing,
    clear: nothing,
    warn: to('warn'),
    error,
    assert(condition, ...values) {
      if (!condition) error('Assertion failed', ...values);
    },
    count(label = 'default') {
      counts.set(label, (counts.get(label) ?? 0) + 1);
      info(`${label}: ${counts.get(label)}`);
    },
    countReset: (label = 'default') => void counts.delete(label),
    time: (label = 'default') => void starts.set(label, performance.now()),
    timeLog: elapsed,
    timeEnd: elapsed,
  };
}
