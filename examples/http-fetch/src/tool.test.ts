import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import tool from './tool.ts';

const requests: string[] = [];
const server = createServer((request, response) => {
  requests.push(request.url ?? '');
  if (request.url === '/moved') return response.writeHead(302, { location: '/page' }).end();
  if (request.url === '/page') {
    return response.writeHead(200, { 'content-type': 'text/plain', 'set-cookie': 'a=b' }).end('Hello, Ada!');
  }
  // A body without end: it is over when the reader leaves.
  const timer = setInterval(() => response.write('é'.repeat(500)), 1);
  response.on('close', () => clearInterval(timer));
  return response;
});
let origin: string;

beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  requests.length = 0;
});
afterAll(() => server.close());

describe('natively', () => {
  it('answers with status, chosen headers and text, after redirects', async () => {
    expect(await tool.call({ url: `${origin}/moved` })).toEqual({
      status: 200,
      url: `${origin}/page`,
      headers: { 'content-type': 'text/plain' },
      text: 'Hello, Ada!',
      truncated: false,
    });
    expect(requests).toEqual(['/moved', '/page']);
  });

  it('reads no more of a body than was asked for', async () => {
    const { text, truncated } = await tool.call({ url: `${origin}/endless`, maxChars: 20 });
    expect({ text, truncated }).toEqual({ text: 'é'.repeat(20), truncated: true });
  });

  it('refuses an address that is not of the web', async () => {
    await expect(tool.call({ url: 'file:///etc/passwd' })).rejects.toThrow('url: ');
  });

  it('says so when nothing answers', async () => {
    await expect(tool.call({ url: 'http://127.0.0.1:1/' })).rejects.toMatchObject({
      code: 'UNREACHABLE',
      data: { origin: 'http://127.0.0.1:1' },
    });
  });
});

describe('as a component', () => {
  it('is refused the network, whatever its tool.toml asks for, and fails cleanly', async () => {
    expect(await kami('build', '--json')).toMatchObject({ exitCode: 0 });
    const input = JSON.stringify({ url: `${origin}/page` });
    const { exitCode, answer } = await kami('run', 'dist/http-fetch.wasm', '--input', input, '--json');
    expect(exitCode).toBe(3);
    expect(answer).toMatchObject({
      isError: true,
      reason: 'tool-error',
      refusals: [{ capability: 'network', subject: origin, count: 1 }],
    });
    expect(answer.content[0]?.text).toContain(`${origin} can't be reached`);
    expect(answer.content[1]?.text).toContain('"code":"UNREACHABLE"');
    expect(requests).toEqual([]);
  }, 60_000);
});

interface Answer {
  readonly content: readonly { readonly text: string }[];
}

/** Runs the kami command as a user would; npm has put it on the PATH. */
async function kami(...args: string[]): Promise<{ exitCode: number; answer: Answer }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'http-fetch-'));
  const env = { ...process.env, KAMI_DATA_DIR: dataDir };
  try {
    return await new Promise((done, fail) => {
      execFile('kami', args, { env, shell: process.platform === 'win32' }, (error, stdout) => {
        const exitCode = error === null ? 0 : error.code;
        if (typeof exitCode === 'number') done({ exitCode, answer: JSON.parse(stdout) });
        else fail(error);
      });
    });
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}
