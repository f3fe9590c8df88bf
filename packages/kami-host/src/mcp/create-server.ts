import { type CacheHint, type McpRequestContext, Server } from '@modelcontextprotocol/server';
import { answerRequest } from './answer-request.ts';
import { complete } from './completion.ts';
import { getPrompt, listPrompts } from './prompts.ts';
import { listResources, listResourceTemplates, readResource } from './resources.ts';
import type { ServerDeps } from './server-deps.ts';
import { Subscriptions } from './subscriptions.ts';
import { callTool } from './tools-call.ts';
import { listTools } from './tools-list.ts';

/** Of a server to its client: the protocol generation that this speaks. */
export type Connection = Pick<McpRequestContext, 'era'>;

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

/** One MCP server for one connection. */
export function createServer(deps: ServerDeps, { era }: Connection): Server {
  const { host, logger, version, states } = deps;
  const server = new Server(
    { name: 'kami', title: 'KAMI', version },
    {
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { listChanged: true, ...(era === 'legacy' ? { subscribe: true } : {}) },
        completions: {},
        logging: {},
      },
      cacheHints,
      requestState: { verify: states.verify },
    },
  );
  const answer = <T>(work: () => T | Promise<T>) => answerRequest(logger, work);
  server.setRequestHandler('tools/list', (request) => answer(() => listTools(host, request)));
  server.setRequestHandler('tools/call', (request, context) =>
    answer(() => callTool(deps, server, request, context)),
  );
  server.setRequestHandler('prompts/list', (request) => answer(() => listPrompts(host.tools(), request)));
  server.setRequestHandler('prompts/get', (request, context) =>
    answer(() => getPrompt(deps, server, request, context)),
  );
  server.setRequestHandler('resources/list', (request) => answer(() => listResources(host.tools(), request)));
  server.setRequestHandler('resources/templates/list', (request) =>
    answer(() => listResourceTemplates(host.tools(), request)),
  );
  server.setRequestHandler('resources/read', (request, context) =>
    answer(() => readResource(deps, server, request, context)),
  );
  if (era === 'legacy') {
    const subscriptions = new Subscriptions(server, deps);
    server.setRequestHandler('resources/subscribe', (request) =>
      answer(() => subscriptions.subscribe(request)),
    );
    server.setRequestHandler('resources/unsubscribe', (request) => subscriptions.unsubscribe(request));
    server.onclose = () => subscriptions.close();
  }
  server.setRequestHandler('completion/complete', (request, context) =>
    answer(() => complete(deps, server, request, context)),
  );
  return server;
}
