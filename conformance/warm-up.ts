import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

/**
 * Calls each tool once, with nothing. The suite waits for an answer half a second in places; the first call of a component
 * that has just been installed may take longer where the machine is busy.
 */
export async function warmUp(url: string): Promise<void> {
  const client = new Client({ name: 'kami-conformance', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  try {
    const { tools } = await client.listTools();
    // How a tool fails that wants arguments, or somebody to ask, is for the suite to judge.
    for (const { name } of tools) await client.callTool({ name, arguments: {} }).catch(() => {});
  } finally {
    await client.close();
  }
}
