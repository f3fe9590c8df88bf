import type { AskTarget } from './client-request.ts';

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
  /** Whom it wants to ask through its client. */
  readonly asks: readonly AskTarget[];
  /** Places where the tool would like to find a folder of the operator's choice. */
  readonly mounts: readonly RequestedMount[];
  /** Secrets that the host is to add to requests, so that the tool never sees them. */
  readonly credentials: readonly RequestedCredential[];
}

export type MountAccess = 'read-only' | 'read-write';

/** One `[[security.mounts]]` of tool.toml. Which folder it is, if any, the operator decides. */
export interface RequestedMount {
  /** Where the tool looks for it, such as `/data`. */
  readonly path: string;
  readonly access: MountAccess;
  /** What the tool wants it for, in its author's words; one line. */
  readonly reason: string | undefined;
}

/** One `[[security.credentials]]` of tool.toml. */
export interface RequestedCredential {
  /** An exact host, as in `net_allow_list`. */
  readonly host: string;
  /** Name of the request header. */
  readonly header: string;
  /** Value of the header, with `${NAME}` where a secret goes. */
  readonly value: string;
}

export const noCapabilities: CapabilityRequest = Object.freeze({
  network: Object.freeze([]),
  fileSystem: 'none',
  environment: Object.freeze([]),
  asks: Object.freeze([]),
  mounts: Object.freeze([]),
  credentials: Object.freeze([]),
});

/** One thing the sandbox refused a tool during a call. */
export interface Refusal {
  readonly capability: 'network' | 'file-system' | 'environment' | 'sockets' | 'process' | 'client';
  /** What was asked for, such as `https://api.example.com`. */
  readonly subject: string;
  /** How often it was asked for in this call. */
  readonly count: number;
  /** The grant that would allow it, as `kami grant` takes it; undefined where nothing would, or no single one. */
  readonly grant?: string | undefined;
}
