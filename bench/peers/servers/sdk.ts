// The official SDK and nothing else.
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { worksOf } from '../../work/works.ts';
import { toolCount } from './tool-count.ts';

const works = worksOf(toolCount);

serveStdio(() => {
  const server = new McpServer({ name: 'sdk', version: '1.0.0' });
  for (const { name, description, input, handler } of works) {
    server.registerTool(name, { description, inputSchema: input }, async (given) => ({
      content: [{ type: 'text', text: JSON.stringify(await handler(given)) }],
    }));
  }
  return server;
});
