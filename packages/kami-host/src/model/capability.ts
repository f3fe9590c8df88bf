/** What a tool may do with the file system: nothing, read its own package, or use a private folder. */
export type FileSystemAccess = 'none' | 'read-only' | 'sandbox';

/**
 * What a tool asks for in the `[security]` table of its tool.toml. A request gives nothing by itself:
 * only what the operator grants reaches the sandbox.
 */
export interface CapabilityRequest {
  /** Hosts the tool wants to reach: an exact host, `*.suffix`, or `*`. */
  readonly network: readonly string[];
  readonly fileSystem: FileSystemAccess;
  /** Names of environment variables. */
  readonly environment: readonly string[];
}

export const noCapabilities: CapabilityRequest = Object.freeze({
  network: Object.freeze([]),
  fileSystem: 'none',
  environment: Object.freeze([]),
});

/** One thing the sandbox refused a tool during a call. */
export interface Refusal {
  readonly capability: 'network' | 'file-system' | 'environment' | 'sockets' | 'process';
  /** What was asked for, such as `https://api.example.com`. */
  readonly subject: string;
  /** How often it was asked for in this call. */
  readonly count: number;
}
