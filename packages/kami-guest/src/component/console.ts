import type { LogLevel } from '../log.ts';
import { formatMessage } from '../log.ts';

type Console = Record<string, (...values: unknown[]) => void>;

/** A console whose every method writes to one log. */
export function createConsole(write: (level: LogLevel, line: string) => void): Console {
  const counts = new Map<string, number>();
  const timers = new Map<string, number>();
  let indent = '';

  const to =
    (level: LogLevel) =>
    (...values: unknown[]): void =>
      write(level, indent + formatMessage(values));
  const info = to('info');
  const elapsed = (label: string): string => `${label}: ${performance.now() - (timers.get(label) ?? NaN)} ms`;
  const group = (...values: unknown[]): void => {
    if (values.length > 0) info(...values);
    indent += '  ';
  };

  return {
    trace: to('trace'),
    debug: to('debug'),
    log: info,
    info,
    warn: to('warn'),
    error: to('error'),
    dir: (value) => info(value),
    dirxml: info,
    table: (value) => info(value),
    group,
    groupCollapsed: group,
    groupEnd: () => {
      indent = indent.slice(2);
    },
    assert: (condition, ...values) => {
      if (!condition) to('error')('Assertion failed', ...values);
    },
    count: (label = 'default') => {
      const count = (counts.get(String(label)) ?? 0) + 1;
      counts.set(String(label), count);
      info(`${label}: ${count}`);
    },
    countReset: (label = 'default') => void counts.delete(String(label)),
    time: (label = 'default') => void timers.set(String(label), performance.now()),
    timeLog: (label = 'default', ...values) => info(elapsed(String(label)), ...values),
    timeEnd: (label = 'default') => {
      info(elapsed(String(label)));
      timers.delete(String(label));
    },
    clear: () => {},
  };
}
