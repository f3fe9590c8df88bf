import { Server } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { listedSchema, type WorkName, worksOf } from '../../work/works.ts';
import { toolCount } from './tool-count.ts';

/** @param call what the tool answers to this JSON */
export function serveNaively(call: (work: WorkName, input: string) => Promise<string>): void {
  const works = worksOf(toolCount);
  const tools = works.map((work) => ({
    name: work.name,
    description: work.description,
    inputSchema: listedSchema(work),
  }));
  serveStdio(() => {
    const server = new Server({ name: 'naive', version: '1.0.0' }, { capabilities: { tools: {} } });
    server.setRequestHandler('tools/list', () => ({ tools }));
    // The component checks what it is given, so the server does not do that a second time.
    server.setRequestHandler('tools/call', async ({ params }) => {
      const found = works.find(({ name }) => name === params.name);
      if (found === undefined) throw new Error(`no tool is called ${params.name}`);
      const text = await call(found.work, JSON.stringify(params.arguments ?? {}));
      return { content: [{ type: 'text', text }] };
    });
    return server;
  });
}
