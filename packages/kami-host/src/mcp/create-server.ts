import { Server } from '@modelcontextprotocol/server';
import { answerRequest } from './answer-request.ts';
import { complete } from './completion.ts';
import { getPrompt, listPrompts } from './prompts.ts';
import { listResources, listResourceTemplates, readResource } from './resources.ts';
import type { ServerDeps } from './server-deps.ts';
import { callTool } from './tools-call.ts';
import { listTools } from './tools-list.ts';

/** One MCP server for one connection, of whichever protocol generation the client speaks. */
export function createServer(deps: ServerDeps): Server {
  const { host, logger, version, states } = deps;
  const server = new Server(
    { name: 'kami', title: 'KAMI', version },
    {
      capabilities: { tools: {}, prompts: {}, resources: {}, completions: {}, logging: {} },
      requestState: { verify: states.verify },
    },
  );
  const answer = <T>(work: () => T | Promise<T>) => answerRequest(logger, work);
  server.setRequestHandler('tools/list', () => answer(() => listTools(host.tools())));
  server.setRequestHandler('tools/call', (request, context) =>
    answer(() => callTool(deps, server, request, context)),
  );
  server.setRequestHandler('prompts/list', () => answer(() => listPrompts(host.tools())));
  server.setRequestHandler('prompts/get', (request, context) =>
    answer(() => getPrompt(deps, server, request, context)),
  );
  server.setRequestHandler('resources/list', () => answer(() => listResources(host.tools())));
  server.setRequestHandler('resources/templates/list', () =>
    answer(() => listResourceTemplates(host.tools())),
  );
  server.setRequestHandler('resources/read', (request, context) =>
    answer(() => readResource(deps, server, request, context)),
  );
  server.setRequestHandler('completion/complete', (request, context) =>
    answer(() => complete(deps, server, request, context)),
  );
  return server;
}
