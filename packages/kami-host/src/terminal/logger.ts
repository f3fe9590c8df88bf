import { destination, pino } from 'pino';
import type { LogLineLevel } from '../model/log-line.ts';
import type { LogFields, LogFormat, Logger, LogLevel } from '../model/logger.ts';
import { plainLogLine } from './plain-log-line.ts';
import { createStyle, hasColor } from './style.ts';

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Colour in the plain format; default: as stderr and `NO_COLOR` say. */
  readonly color?: boolean;
}

/**
 * The logger of a process. It writes to stderr only, and before each call returns: nothing is lost when the
 * process ends, and a reader that went away is no error.
 */
export function createLogger({ level, format, color }: LoggerOptions): Logger {
  const stderr = destination({ fd: 2, sync: true });
  // Where stderr is closed or its disk full there is nowhere left to complain to; the work goes on.
  stderr.on('error', () => {});
  const style = createStyle(color ?? hasColor(process.stderr, process.env));
  const plain = { write: (line: string) => stderr.write(plainLogLine(line, style)) };
  return adapt(pino({ level, base: null }, format === 'json' ? stderr : plain));
}

type Sink = Pick<ReturnType<typeof pino>, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'child'>;

function adapt(sink: Sink): Logger {
  const write = (level: LogLineLevel) => (message: string, fields?: LogFields) =>
    fields === undefined ? sink[level](message) : sink[level](fields, message);
  return Object.freeze({
    trace: write('trace'),
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields: LogFields) => adapt(sink.child(fields)),
  });
}
