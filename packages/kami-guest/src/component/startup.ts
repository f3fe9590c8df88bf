import type { LogLevel } from '../log.ts';

type Write = (level: LogLevel, line: string) => void;

const maxLines = 100;
const maxLineLength = 8_192;

/** A way to the host's log that is closed while the component is being built. */
export interface HostLog {
  readonly write: Write;
  /** To be called when a call begins: from now on the host can be reached. */
  readonly beginCall: () => void;
  /** Does something whose lines nobody is to see. */
  readonly mute: (work: () => void) => void;
}

/**
 * The author's top-level code runs at build time, into a snapshot; the host can't be called then. Lines
 * written so early are kept (the first hundred) and written when a call begins. Every call begins with the
 * same lines, because every call begins from the same snapshot.
 */
export function createHostLog(host: Write): HostLog {
  const early: [LogLevel, string][] = [];
  let dropped = 0;
  let running = false;
  return {
    write(level, line) {
      if (running) host(level, line);
      else if (early.length < maxLines) early.push([level, line.slice(0, maxLineLength)]);
      else dropped += 1;
    },
    mute(work) {
      const kept = early.length;
      work();
      early.length = kept;
    },
    beginCall() {
      running = true;
      for (const [level, line] of early) host(level, line);
      if (dropped > 0) host('warn', `${dropped} more early lines were dropped.`);
    },
  };
}
