/** Bounds of one call. Every field is set: there is no unlimited call. */
export interface Limits {
  /** Linear memory of all core modules of the component together, MiB. */
  readonly maxMemoryMb: number;
  /** Wall clock, ms. */
  readonly timeoutMs: number;
  /** Input as JSON text, bytes of UTF-8. */
  readonly maxInputBytes: number;
  /** Result as returned by the tool, bytes of UTF-8. */
  readonly maxOutputBytes: number;
  /** Log lines that one call may write; the rest is counted and dropped. */
  readonly maxLogLines: number;
  /** Length of one log line, characters; the rest of the line is cut. */
  readonly maxLogLineLength: number;
  /** Instructions that the component may execute. */
  readonly maxFuel: number;
  /** Requests to the network that may be on their way at the same time. */
  readonly maxConcurrentRequests: number;
  /** Calls of the tool in any minute, those of other clients included. */
  readonly callsPerMinute: number;
}

export const defaultLimits: Limits = Object.freeze({
  maxMemoryMb: 64,
  timeoutMs: 5_000,
  maxInputBytes: 8 * 1024 * 1024,
  maxOutputBytes: 8 * 1024 * 1024,
  maxLogLines: 1_000,
  maxLogLineLength: 8_192,
  maxFuel: 10_000_000_000,
  maxConcurrentRequests: 8,
  callsPerMinute: 600,
});

/** The highest limits that can be asked for, granted or set; the lowest of each is 1. */
export const limitBounds = Object.freeze({
  maxMemoryMb: 4_096,
  timeoutMs: 3_600_000,
  maxFuel: 1_000_000_000_000_000,
  maxConcurrentRequests: 256,
  callsPerMinute: 100_000,
});

/** The limits a tool asks for in the `[security]` table of its tool.toml, with that table's defaults filled in. */
export interface RequestedLimits {
  /** MiB, 1 to 4096. */
  readonly maxMemoryMb: number;
  /** Wall clock of one call, ms. */
  readonly timeoutMs: number;
  /** Instructions; undefined when the tool asks for no figure of its own. */
  readonly maxFuel: number | undefined;
}

/** What a tool.toml without limits asks for. */
export const defaultRequestedLimits: RequestedLimits = Object.freeze({
  maxMemoryMb: 64,
  timeoutMs: 5_000,
  maxFuel: undefined,
});
