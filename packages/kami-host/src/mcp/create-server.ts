import { type McpRequestContext, Server } from '@modelcontextprotocol/server';
import { answerRequest } from './answer-request.ts';
import { complete } from './completion.ts';
import { getPrompt, listPrompts } from './prompts.ts';
import { listResources, listResourceTemplates, readResource, subscribe } from './resources.ts';
import type { ServerDeps } from './server-deps.ts';
import { callTool } from './tools-call.ts';
import { listTools } from './tools-list.ts';

/** Of a server to its client: the protocol generation that this speaks. */
export type Connection = Pick<McpRequestContext, 'era'>;

/** One MCP server for one connection. */
export function createServer(deps: ServerDeps, { era }: Connection): Server {
  const { host, logger, version, states } = deps;
  const server = new Server(
    { name: 'kami', title: 'KAMI', version },
    {
      capabilities: {
        ...{ tools: {}, prompts: {}, completions: {}, logging: {} },
        resources: era === 'legacy' ? { subscribe: true } : {},
      },
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
  if (era === 'legacy') {
    server.setRequestHandler('resources/subscribe', (request) =>
      answer(() => subscribe(host.tools(), request)),
    );
    server.setRequestHandler('resources/unsubscribe', () => ({}));
  }
  server.setRequestHandler('completion/complete', (request, context) =>
    answer(() => complete(deps, server, request, context)),
  );
  return server;
}
