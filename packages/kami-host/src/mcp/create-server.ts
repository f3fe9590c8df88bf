import { type CacheHint, ProtocolError, ProtocolErrorCode, Server } from '@modelcontextprotocol/server';
import { answerRequest } from './answer-request.ts';
import type { ServerDeps } from './server-deps.ts';
import { callTool } from './tools-call.ts';
import { listTools } from './tools-list.ts';

/**
 * How long a client may keep a list when nobody tells it of changes. Which tools there are depends on the operator's
 * choices, so a list is nobody else's.
 */
const listHint: CacheHint = { ttlMs: 30_000, cacheScope: 'private' };

const cacheHints = {
  'tools/list': listHint,
  'prompts/list': listHint,
  'resources/list': listHint,
  'resources/templates/list': listHint,
} as const;

/** One MCP server for one connection, of whichever protocol generation the client speaks. */
export function createServer(deps: ServerDeps): Server {
  const { host, logger, version } = deps;
  const server = new Server(
    { name: 'kami', title: 'KAMI', version },
    { capabilities: { tools: { listChanged: true }, prompts: {}, resources: {} }, cacheHints },
  );
  const answer = <T>(work: () => T | Promise<T>) => answerRequest(logger, work);
  server.setRequestHandler('tools/list', (request) => answer(() => listTools(host, request)));
  server.setRequestHandler('tools/call', (request, context) =>
    answer(() => callTool(deps, server, request, context)),
  );
  server.setRequestHandler('prompts/list', () => ({ prompts: [] }));
  server.setRequestHandler('resources/list', () => ({ resources: [] }));
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: [] }));
  server.setRequestHandler('resources/read', ({ params }) => {
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no resource "${params.uri}".`);
  });
  return server;
}
