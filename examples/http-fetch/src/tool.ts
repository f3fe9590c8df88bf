import { kamiTool, ToolError } from 'kami-guest';
import * as z from 'zod';

const shownHeaders = ['content-type', 'content-length', 'last-modified', 'etag'];

export default kamiTool({
  description: 'Fetches a web address by GET and returns status, main headers and the beginning of the text.',
  input: z.object({
    url: z.url({ protocol: /^https?$/ }),
    maxChars: z.int().min(1).max(100_000).default(10_000).describe('How much of the text to return'),
  }),
  output: z.object({
    status: z.int(),
    url: z.string().describe('Where redirects led to'),
    headers: z.record(z.string(), z.string()),
    text: z.string(),
    truncated: z.boolean(),
  }),
  annotations: { readOnlyHint: true, openWorldHint: true },

  async handler({ url, maxChars }) {
    const response = await request(url);
    const { text, truncated } = await readText(response, maxChars);
    const headers = Object.fromEntries([...response.headers].filter(([name]) => shownHeaders.includes(name)));
    return { status: response.status, url: response.url, headers, text, truncated };
  },
});

async function request(url: string): Promise<Response> {
  try {
    return await fetch(url);
  } catch (cause) {
    // Inside the sandbox fetch does not say why it failed: the reason could tell about the network around it.
    const { origin } = new URL(url);
    throw new ToolError(
      `${origin} can't be reached: the request was not permitted, or nothing answered. Trying again does not help; ask the user.`,
      { code: 'UNREACHABLE', data: { origin }, cause },
    );
  }
}

/** Reads as far as needed and no further: a page may have gigabytes. */
async function readText({ body }: Response, maxChars: number): Promise<{ text: string; truncated: boolean }> {
  if (body === null) return { text: '', truncated: false };
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  while (text.length <= maxChars) {
    const { done, value } = await reader.read();
    text += decoder.decode(value, { stream: !done });
    if (done) break;
  }
  const truncated = text.length > maxChars;
  if (truncated) await reader.cancel();
  return { text: text.slice(0, maxChars), truncated };
}
