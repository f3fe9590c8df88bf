import type { WorkName } from '../work/works.ts';

/** How a server is started. */
export interface Command {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** One of those that are compared: an MCP server over stdio, run by this Node. */
export interface Subject {
  /** In figures and on the command line. */
  readonly name: string;
  readonly title: string;
  /** Runs tools in a sandbox. */
  readonly sandboxed: boolean;
  /** Promises that no call sees what another left; every answer is checked for it. */
  readonly fresh: boolean;
  /** Differs from another in how it starts alone, so nothing else of it is measured. */
  readonly startOnly?: true;
  /** Numbers of tools it can be started with. */
  readonly toolCounts: readonly number[];
  /** Makes what must be there before it is started with these numbers of tools, such as what its build step writes. */
  readonly prepare: (toolCounts: readonly number[]) => Promise<void>;
  /** @param tools how many it serves; one of `toolCounts` */
  readonly command: (tools: number) => Command;
  /** Name of the tool that does a work. */
  readonly toolName: (work: WorkName) => string;
}
