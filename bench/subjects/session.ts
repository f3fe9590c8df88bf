import { EventEmitter } from 'node:events';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { atEnd } from '../cleanup.ts';
import { killTree, type TreeMemory, treeMemory } from '../process-tree.ts';
import { note } from '../report/note.ts';
import type { Task } from '../work/inputs.ts';
import type { Subject } from './subject.ts';

// The transport waits once for every message when the pipe is full: no bound.
EventEmitter.defaultMaxListeners = 0;

/** The server answered that a call failed. A wrong answer is another error, and ends the benchmark. */
class CallFailed extends Error {}

const callTimeoutMs = 120_000;

/** A subject that runs, with the official client connected to it. */
export interface Session {
  readonly subject: Subject;
  /** Milliseconds from starting the process to the answer to tools/list. */
  readonly listedAfterMs: number;
  /** Does a task, and throws unless the answer is right and, where that is promised, from a fresh state. */
  readonly run: (task: Task) => Promise<void>;
  /** Likewise, and says whether the call succeeded: a busy server may refuse some. */
  readonly tryRun: (task: Task) => Promise<boolean>;
  readonly memory: () => TreeMemory;
  readonly close: () => Promise<void>;
}

export async function startSession(
  subject: Subject,
  tools: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<Session> {
  const { args, env = {}, cwd } = subject.command(tools);
  const { PATH = '' } = process.env;
  const start = performance.now();
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [...args],
    env: { PATH, ...env, ...settings },
    stderr: 'pipe',
    maxBufferSize: 64 * 1_024 * 1_024,
    ...(cwd === undefined ? {} : { cwd }),
  });
  let stderr = '';
  transport.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('utf8')).slice(-4_000);
  });
  // Everybody by the revision that all of them speak.
  const client = new Client(
    { name: 'kami-bench', version: '1.0.0' },
    { versionNegotiation: { mode: 'legacy' } },
  );
  const close = async () => {
    const { pid } = transport;
    forget();
    if (pid === null) return;
    const soon = setTimeout(() => killTree(pid), 2_000);
    await client.close().catch(() => {});
    clearTimeout(soon);
    killTree(pid);
  };
  const forget = atEnd(() => {
    if (transport.pid !== null) killTree(transport.pid);
  });
  try {
    await client.connect(transport);
    await expectTools(client, tools);
  } catch (cause) {
    await close();
    throw new Error(`${subject.title} did not start with ${tools} tools. ${stderr}`, { cause });
  }
  const listedAfterMs = performance.now() - start;
  const { pid } = transport;
  if (pid === null) throw new Error(`${subject.title} has no process`);
  const run = async (task: Task): Promise<void> => {
    const name = subject.toolName(task.work);
    const result = await client.callTool({ name, arguments: task.input }, { timeout: callTimeoutMs });
    const [block] = result.content;
    const text = block?.type === 'text' ? block.text : '';
    if (result.isError === true) {
      throw new CallFailed(`${subject.title} failed at ${name}: ${text} ${stderr}`);
    }
    const answer = JSON.parse(text) as Record<string, unknown>;
    task.check(answer);
    if (subject.fresh && answer.call !== 1) {
      throw new Error(`${subject.title} answered ${name} from a state that had answered before.`);
    }
  };
  // Why the first call failed is enough: the others are counted.
  let told = false;
  return {
    subject,
    listedAfterMs,
    run,
    tryRun: (task) =>
      run(task).then(
        () => true,
        (error: unknown) => {
          if (!(error instanceof CallFailed)) throw error;
          if (!told) note(`  ${error.message}`);
          told = true;
          return false;
        },
      ),
    memory: () => treeMemory(pid),
    close,
  };
}

async function expectTools(client: Client, count: number): Promise<void> {
  const { tools } = await client.listTools();
  if (tools.length !== count) throw new Error(`it lists ${tools.length} tools`);
}
