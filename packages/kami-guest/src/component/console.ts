import type { LogLevel } from '../log.ts';
import { formatMessage } from '../log.ts';

type Console = Record<string, (...values: unknown[]) => void>;

/** A console whose every method writes to one log. Counters and timers are not kept. */
export function createConsole(write: (level: LogLevel, line: string) => void): Console {
  const to =
    (level: LogLevel) =>
    (...values: unknown[]): void =>
      write(level, formatMessage(values));
  const info = to('info');
  const error = to('error');
  return {
    trace: to('trace'),
    debug: to('debug'),
    info,
    log: info,
    dir: (value) => info(value),
    table: (value) => info(value),
    group: info,
    groupCollapsed: info,
    groupEnd: () => {},
    warn: to('warn'),
    error,
    assert: (condition, ...values) => {
      if (!condition) error('Assertion failed', ...values);
    },
  };
}
