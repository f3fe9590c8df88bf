/** Levels of the WIT enum `kami:tool/host.log-level`. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** One line that a tool wrote, already bounded in length. */
export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
}
