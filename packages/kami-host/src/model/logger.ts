export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
/** How much is logged: this level and what is graver. `silent`: nothing. */
export type LogLevel = (typeof logLevels)[number];

export const logFormats = ['plain', 'json'] as const;
export type LogFormat = (typeof logFormats)[number];

/** Details of a log line. An error under the name `err` is written with its message. */
export type LogFields = Readonly<Record<string, unknown>>;

/** What a room writes its log through. It never reaches stdout, and a call to it never throws. */
export interface Logger {
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds the fields to each of its lines. */
  child(fields: LogFields): Logger;
}
