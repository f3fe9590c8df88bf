import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { parse } from 'node:path';
import { createInterface } from 'node:readline';
import type { ServerEntry } from './server-entry.ts';

/** What became of starting a server and asking it for its tools. */
export type ProbeResult =
  | {
      readonly status: 'answered';
      /** Published names. */
      readonly tools: readonly string[];
      /** The first lines on stdout that are no messages: clients end the connection at these, or ignore them. */
      readonly noise: readonly string[];
    }
  | {
      readonly status: 'failed';
      /** A sentence. */
      readonly reason: string;
      /** The last lines that it wrote to stderr. Not cleaned. */
      readonly stderr: readonly string[];
    };

export interface ProbeOptions {
  /** All variables of the server, but those of the entry. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const keptLines = 5;
const maxLineLength = 300;
/** What a client of 2025 says; every server of MCP understands it. */
const protocolVersion = '2025-06-18';

/**
 * Starts exactly the command of an entry, and asks it for its tools as an MCP client does. The client of the SDK is not
 * used: it is a few hundred kilobytes for three messages, and does not show what a server writes beside its messages.
 */
export async function probeServer(entry: ServerEntry, options: ProbeOptions): Promise<ProbeResult> {
  const stderr: string[] = [];
  const child = start(entry, options);
  if (typeof child === 'string') return { status: 'failed', reason: child, stderr };
  const failure = once(child, 'error').then(([error]) => notStarted(error));
  child.on('error', () => {});
  const closed = new Promise((resolve) => void child.once('close', resolve).once('error', resolve));
  // It may end without having read its input.
  child.stdin.on('error', () => {});
  createInterface({ input: child.stderr }).on('line', (line) => {
    stderr.push(line.slice(0, maxLineLength));
    if (stderr.length > keptLines) stderr.shift();
  });
  try {
    const outcome = await Promise.race([converse(child), failure, limitOf(options)]);
    return typeof outcome === 'string' ? { status: 'failed', reason: outcome, stderr } : outcome;
  } finally {
    await end(child, closed);
  }
}

/** The process, or why there is none. */
function start(
  { command, args, env }: ServerEntry,
  options: ProbeOptions,
): ChildProcessWithoutNullStreams | string {
  try {
    return spawn(command, [...args], {
      // Where programs of a desktop often are. A home folder may be missing.
      cwd: parse(process.execPath).root,
      env: { ...options.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
  } catch (error) {
    return notStarted(error);
  }
}

function notStarted(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'an error';
  return `It could not be started: the system reported ${code}.`;
}

type Outcome = Extract<ProbeResult, { status: 'answered' }> | string;

/** The names of the tools, or why there are none. */
async function converse({ stdin, stdout }: ChildProcessWithoutNullStreams): Promise<Outcome> {
  const tools: string[] = [];
  const noise: string[] = [];
  const send = (message: object) => stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  send({
    id: 1,
    method: 'initialize',
    params: { protocolVersion, capabilities: {}, clientInfo: { name: 'kami-check', version: '1.0.0' } },
  });
  for await (const line of createInterface({ input: stdout })) {
    const message = parseMessage(line);
    if (message === undefined) {
      if (noise.length < keptLines && line.trim() !== '') noise.push(line.slice(0, maxLineLength));
      continue;
    }
    const { id, result, error } = message;
    if (id !== 1 && id !== 2) continue;
    if (result === undefined)
      return `It answered with an error: ${String(error?.message ?? 'one without a message')}`;
    if (id === 1) send({ method: 'notifications/initialized' });
    else tools.push(...namesIn(result));
    const cursor = id === 2 && typeof result.nextCursor === 'string' ? result.nextCursor : undefined;
    if (id === 2 && cursor === undefined) return { status: 'answered', tools, noise };
    send({ id: 2, method: 'tools/list', params: cursor === undefined ? {} : { cursor } });
  }
  const [first] = noise;
  return first === undefined
    ? 'It ended before it answered.'
    : `It ended before it answered, after it had written "${first}" to stdout.`;
}

async function limitOf({ timeoutMs, signal }: ProbeOptions): Promise<Outcome> {
  const stop = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  if (!stop.aborted) await once(stop, 'abort');
  return signal.aborted ? 'The check was interrupted.' : `It did not answer within ${timeoutMs / 1_000} s.`;
}

const patienceMs = 3_000;

/** As clients end servers: stdin is closed, and what does not go is killed. */
async function end(child: ChildProcessWithoutNullStreams, closed: Promise<unknown>): Promise<void> {
  child.stdin.end();
  const kill = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  // A process of its own may hold the pipes open after it has gone.
  const giveUp = setTimeout(() => {
    child.stdout.destroy();
    child.stderr.destroy();
  }, 2 * patienceMs);
  await closed;
  clearTimeout(kill);
  clearTimeout(giveUp);
}

interface Message {
  readonly id?: number;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message?: unknown };
}

function parseMessage(line: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isMessage = typeof value === 'object' && value !== null && 'jsonrpc' in value;
    return isMessage ? (value as Message) : undefined;
  } catch {
    return undefined;
  }
}

function namesIn({ tools }: Readonly<Record<string, unknown>>): readonly string[] {
  if (!Array.isArray(tools)) return [];
  return tools.map((tool: unknown) => String((tool as { readonly name?: unknown } | null)?.name));
}
