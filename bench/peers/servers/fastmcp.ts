import { FastMCP } from 'fastmcp';
import { worksOf } from '../../work/works.ts';
import { toolCount } from './tool-count.ts';

const server = new FastMCP({ name: 'fastmcp', version: '1.0.0' });
for (const { name, description, input, handler } of worksOf(toolCount)) {
  server.addTool({
    name,
    description,
    parameters: input,
    execute: async (given) => JSON.stringify(await handler(given)),
  });
}
await server.start({ transportType: 'stdio' });
