import { createLog, type LogLevel } from '../log.ts';

type Console = Record<string, (...values: unknown[]) => void>;

/** A console whose every method writes to one log. */
export function createConsole(write: (level: LogLevel, line: string) => void): Console {
  const log = createLog(write);
  const { info } = log;
  const counts = new Map<unknown, number>();
  const starts = new Map<unknown, number>();
  const first = (value: unknown): void => info(value);
  const nothing = (): void => {};
  const elapsed = (label: unknown = 'default', ...values: unknown[]): void =>
    info(`${label}: ${performance.now() - (starts.get(label) ?? 0)} ms`, ...values);
  return {
    ...log,
    log: info,
    dir: first,
    dirxml: info,
    table: first,
    group: info,
    groupCollapsed: info,
    groupEnd: nothing,
    clear: nothing,
    assert(condition, ...values) {
      if (!condition) log.error('Assertion failed', ...values);
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
