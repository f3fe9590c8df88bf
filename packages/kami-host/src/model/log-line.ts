import type { LogLevel } from './logger.ts';

/** Levels of the WIT enum `kami:tool/host.log-level`. */
export type LogLineLevel = Exclude<LogLevel, 'silent'>;

/** One line that a tool wrote, already bounded in length. */
export interface LogLine {
  readonly level: LogLineLevel;
  readonly message: string;
}
