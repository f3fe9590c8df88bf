import path from 'node:path';
import { builtServers } from '../places.ts';
import type { Subject } from './subject.ts';

const own = { sandboxed: false, fresh: false, prepare: async () => {} } as const;
const server = (file: string) => path.join(builtServers, file);

/** The official SDK v2 alone: what everything is compared with. */
export const sdk: Subject = {
  ...own,
  name: 'sdk',
  title: 'official SDK v2',
  toolCounts: [1, 4, 50, 1_000],
  command: (tools) => ({ args: [server('sdk.js'), String(tools)] }),
  toolName: (work) => work,
};

/** The same in one minified file: what a packager could do for its start. */
export const sdkBundled: Subject = {
  ...own,
  name: 'sdk-bundled',
  title: 'official SDK v2, bundled',
  startOnly: true,
  toolCounts: [1, 4, 50, 1_000],
  command: (tools) => ({ args: [server('sdk-bundled.js'), String(tools)] }),
  toolName: (work) => work,
};

export const fastmcp: Subject = {
  ...own,
  name: 'fastmcp',
  title: 'FastMCP',
  toolCounts: [1, 4, 50, 1_000],
  command: (tools) => ({ args: [server('fastmcp.js'), String(tools)] }),
  toolName: (work) => work,
};
