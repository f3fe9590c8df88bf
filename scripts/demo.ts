// npm start, once everything is built: the way of a tool from its source to the answer an MCP client gets.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const root = fileURLToPath(new URL('..', import.meta.url));
const kami = path.join(root, 'packages/kami-host/bin/kami.js');
const example = path.join('examples', 'hello-world');
const tool = 'dev.kami.hello-world';
const input = { name: 'Ada' };

const dataDir = await mkdtemp(path.join(tmpdir(), 'kami-demo-'));
const env = { ...process.env, KAMI_DATA_DIR: dataDir } as Record<string, string>;
try {
  await show('One TypeScript function', path.join(example, 'src', 'tool.ts'));
  await kamiCommand('becomes a WASI component', ['build', example]);
  await kamiCommand('is installed, with no permission at all', ['install', example, '--yes']);
  await callThroughClient();
  next();
} finally {
  await rm(dataDir, { recursive: true, force: true });
}

async function show(title: string, file: string): Promise<void> {
  heading(title, file);
  console.log(indent(await readFile(path.join(root, file), 'utf8')));
}

async function kamiCommand(title: string, args: readonly string[]): Promise<void> {
  heading(title, `kami ${args.join(' ')}`);
  const child = spawn(process.execPath, [kami, ...args], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`kami ${args[0]} ended with exit code ${code}`);
  console.log(indent(output));
}

async function callThroughClient(): Promise<void> {
  heading('and answers an MCP client, from its sandbox', 'kami serve');
  const client = new Client({ name: 'kami-demo', version: '1.0.0' });
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [kami, 'serve'], env }));
  try {
    const { tools } = await client.listTools();
    console.log(indent(`tools/list → ${tools.map(({ name }) => name).join(', ')}`));
    const name = tools[0]?.name ?? tool;
    const result = await client.callTool({ name, arguments: input });
    console.log(indent(`tools/call ${name} ${JSON.stringify(input)}`));
    console.log(indent(`           → ${JSON.stringify(result.structuredContent)}\n`));
  } finally {
    await client.close();
  }
}

function next(): void {
  heading('Next', '');
  console.log(
    indent(
      `Change ${path.join(example, 'src', 'tool.ts')} and run npm start again.
Use it yourself:   npx kami build ${example} && npx kami install ${example}
                   npx kami exec ${tool} --input '${JSON.stringify(input)}'
Add it to a client: README.md, "Add it to an MCP client"
Everything else:   npx kami --help, docs/`,
    ),
  );
}

function heading(title: string, detail: string): void {
  const bold = process.stdout.isTTY && !process.env.NO_COLOR;
  console.log(`${bold ? `\u001b[1m${title}\u001b[22m` : title}${detail === '' ? '' : `   ${detail}`}`);
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
